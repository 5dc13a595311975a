"""Exceptions that the command line reports as one line."""


class InputError(Exception):
    """Input that cannot be used.

    The message says what is wrong, where (file, record, position) and what to do. The command line
    prints it as one line on standard error and exits with code 2. Any other exception is a bug in
    the program: its traceback is shown, and the exit code is 1.
    """


class TrainingStopped(Exception):  # noqa: N818
    """A signal asked training to stop; the same command resumes from the checkpoint.

    The command line prints the message as one line on standard error and exits with code 75
    (EX_TEMPFAIL of sysexits.h: try again).
    """
