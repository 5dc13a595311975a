"""The one exception that a user can cause."""


class InputError(Exception):
    """Input that cannot be used.

    The message says what is wrong, where (file, record, position) and what to do. The command line
    prints it as one line on standard error and exits with code 2. Anything else that is raised is
    a fault of ours: it shows its traceback and exits with code 1.
    """


class TrainingStopped(Exception):  # noqa: N818
    """A signal asked training to stop; what was done is kept, and the same command goes on from it.

    The command line prints the message as one line on standard error and exits with code 75
    (EX_TEMPFAIL of sysexits.h: try again).
    """
