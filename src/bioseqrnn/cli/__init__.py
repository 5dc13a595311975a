"""The command line: one command a stage, each in a module of its own (``commands.py`` lists them).

Nothing heavy is imported here; a command imports what it needs when it runs.
"""

from __future__ import annotations

import gc
import os
import sys
from typing import Annotated, NoReturn

import typer

from bioseqrnn import __version__
from bioseqrnn.cli.commands import Commands
from bioseqrnn.support.console import guard_streams, shown
from bioseqrnn.support.errors import InputError, TrainingStopped

app = typer.Typer(
    name="bioseqrnn",
    cls=Commands,
    help="Recurrent-network classifiers of DNA and protein sequences.\n\n"
    "encode → audit → split → train / baseline → evaluate → report, and predict for new FASTA. "
    "The Snakemake workflow runs these same commands.",
    add_completion=False,
    # help is plain text: brackets are no markup
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
INTERRUPTED = 130
# EX_TEMPFAIL of sysexits.h: run again
STOPPED = 75
# as of a program that a closed pipe has ended
NO_READER = 128 + 13


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"bioseqrnn {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line; bad input is one line on standard error and exit code 2.

    A training that a signal stopped ends with exit code 75, and resumes when it is run again.
    """
    guard_streams()
    # PyTorch's threads keep their cores busy as they wait for its next operation; kernels of ours
    # that run between two operations need them. Read when PyTorch is imported.
    os.environ.setdefault("GOMP_SPINCOUNT", "5000")
    # Importing PyTorch makes very many objects that stay: to look through them again and again for
    # garbage takes a tenth of the start of a training.
    gc.set_threshold(50_000, 20, 100)
    # A process that this one starts is not to import a file yaml.py of the user's folder.
    os.environ.setdefault("PYTHONSAFEPATH", "1")
    if len(sys.argv) == 1:
        sys.argv.append("--help")
    try:
        code = app(prog_name="bioseqrnn", standalone_mode=False)
        # newer Typers turn an interrupt into this code
        if code == INTERRUPTED:
            raise KeyboardInterrupt
        sys.exit(code)
    except (KeyboardInterrupt, typer.Abort):
        sys.stderr.write("bioseqrnn: interrupted; no incomplete file was kept\n")
        sys.exit(INTERRUPTED)
    except TrainingStopped as stop:
        _end(str(stop), STOPPED)
    except BrokenPipeError:
        # whoever reads standard output has seen enough; what is left of it goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(NO_READER)
    except Exception as error:
        if isinstance(error, InputError):
            _stop(_line(error), 2)
        if isinstance(error, OSError):
            # a full disk, say: named by the system, and no fault of the input
            _stop(_of_system(error), 1)
        if isinstance(error, MemoryError):
            _stop(f"out of memory ({error}); run on a machine with more memory", 1)
        # a usage error of Click, or of the copy of Click that newer Typers carry
        if format_message := getattr(error, "format_message", None):
            said = " ".join(str(format_message()).split())
            _stop(f"{said} ({_hint(said)}see bioseqrnn {' '.join(sys.argv[1:2])} --help)", 2)
        raise


def _line(error: InputError) -> str:
    """The message; of a library's error that it repeats, the lines stand in one."""
    cause = str(error.__cause__ or "")
    return str(error).replace(cause, " ".join(cause.split())) if cause else str(error)


def _of_system(error: OSError) -> str:
    """The message of the system, with the file first."""
    if error.filename is None or error.strerror is None:
        return str(error)
    return f"{error.filename}: {error.strerror}"


def _hint(said: str) -> str:
    """What to do where an option that there is not is the name of a file."""
    named = [word for word in sys.argv[2:] if word.startswith("-") and os.path.lexists(word)]
    if "No such option" not in said or not named:
        return ""
    return f"write a file name that begins with '-' as ./{named[0]}; "


def _stop(message: str, code: int) -> NoReturn:
    _end(f"error: {message}", code)


def _end(message: str, code: int) -> NoReturn:
    sys.stderr.write(f"bioseqrnn: {shown(message)}\n")
    sys.exit(code)
