"""The command line: one command a stage, each in a module of its own.

Nothing heavy is imported here; a command imports what it needs when it runs.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from bioseqrnn import __version__
from bioseqrnn.cli.baseline import baseline
from bioseqrnn.cli.encode import encode
from bioseqrnn.cli.evaluate import evaluate
from bioseqrnn.cli.predict import predict
from bioseqrnn.cli.report import report
from bioseqrnn.cli.split import split
from bioseqrnn.cli.train import train
from bioseqrnn.errors import InputError

app = typer.Typer(
    name="bioseqrnn",
    help="Recurrent-network classifiers of DNA and protein sequences.\n\n"
    "encode → split → train / baseline → evaluate → report, and predict for new FASTA. "
    "The Snakemake workflow runs these same commands.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (encode, split, train, baseline, evaluate, predict, report):
    app.command()(command)


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
    """Run the command line; bad input is one line on standard error and exit code 2."""
    try:
        app()
    except InputError as error:
        message = " ".join(str(error).split())
        sys.stderr.write(f"bioseqrnn: error: {message}\n")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.stderr.write("bioseqrnn: interrupted; nothing half-written was kept\n")
        sys.exit(130)
