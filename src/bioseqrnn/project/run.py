"""The workflow is run in a project, which is made first if it is not there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bioseqrnn.config.checks.settings import CONFIG_FILE
from bioseqrnn.project.change import take_up
from bioseqrnn.project.make import has_project, make_project
from bioseqrnn.project.request import read_request
from bioseqrnn.project.results import results_of
from bioseqrnn.project.workflow import run_workflow
from bioseqrnn.support.console import say
from bioseqrnn.support.errors import InputError

# Snakemake's exit code if a job has failed, or the run was interrupted
FAILED = 1


@dataclass(frozen=True)
class Asked:
    """The options of a call that say what the project is; ``read_request`` explains them."""

    classes: Sequence[str] = ()
    queries: Sequence[str] = ()
    name: str | None = None
    options: Mapping[str, str | None] | None = None


def run_project(
    folder: Path | None, asked: Asked, *, cores: int | None = None, words: Sequence[str] = ()
) -> int:
    """Run the workflow, say where the results are, and return the exit code of Snakemake.

    Parameters
    ----------
    folder : Path, optional
        Folder of the project; None: this folder, in which a project must be.
    asked : Asked
    cores : int, optional
        Cores of this machine.
    words : sequence of str
        More words for Snakemake.

    Raises
    ------
    InputError
        There is no project and no classes are given, or the project has other classes.
    """
    if folder is None:
        if asked.classes:
            raise InputError(
                "give --output: the folder that configuration and results are written to"
            )
        folder = Path()
    request = read_request(
        folder, asked.classes, asked.queries, name=asked.name, options=asked.options
    )
    if has_project(folder):
        take_up(folder, request, name=asked.name)
    elif request.classes:
        make_project(folder, request)
    else:
        raise InputError(
            f"{folder / CONFIG_FILE}: no such file, so there is no project; give --class NAME FILE "
            "for each class, or make a project with bioseqrnn init"
        )
    code = run_workflow(folder, words, cores)
    if code:
        goes_on = "; the same command goes on from here" if code == FAILED else ""
        say(f"bioseqrnn: Snakemake ended with exit code {code}; see its messages above{goes_on}")
        return code
    for line in results_of(folder):
        say(line)
    return 0
