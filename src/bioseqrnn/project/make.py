"""A new project is written: configuration, sheets, profile and README, all or none."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from bioseqrnn.config.checks.settings import CONFIG_FILE
from bioseqrnn.project.paths import to_show
from bioseqrnn.project.request import Request
from bioseqrnn.project.texts import config_text, datasets_text, queries_text, readme_text
from bioseqrnn.project.workflow import profile_text
from bioseqrnn.support.atomic import atomic_path, together
from bioseqrnn.support.console import say
from bioseqrnn.support.errors import InputError

README = "README.md"
DATASETS, QUERIES = "config/datasets.tsv", "config/queries.tsv"
PROFILE = "slurm"


def has_project(folder: Path) -> bool:
    """Whether a folder has a configuration."""
    return (folder / CONFIG_FILE).is_file()


def make_project(folder: Path, request: Request, *, profile: str = PROFILE) -> None:
    """Write the files of a project into a new folder, or into one that has none of them.

    A README that is there already is kept.

    Parameters
    ----------
    folder : Path
    request : Request
    profile : str
        Profile of the workflow that the project has a copy of.

    Raises
    ------
    InputError
        One of the files exists. Nothing is written.
    """
    texts = {
        README: readme_text(request, profile),
        f"profiles/{profile}/config.yaml": profile_text(profile),
        DATASETS: datasets_text(request, folder),
        QUERIES: queries_text(request, folder),
        CONFIG_FILE: config_text(request),
    }
    readme = texts.pop(README)
    for name in reversed(texts):
        if os.path.lexists(folder / name):
            raise InputError(
                f"{folder / name}: exists already; nothing was written (give a new folder, or run "
                f"what is there: bioseqrnn run --output {shlex.quote(str(folder))})"
            )
    kept = os.path.lexists(folder / README)
    texts |= {} if kept else {README: readme}
    with together():
        for name, text in texts.items():
            with atomic_path(folder / name) as temporary:
                temporary.write_text(text, encoding="utf-8")
    also = f"; {README} was there before, and is kept" if kept else ""
    say(f"{to_show(folder)}: made a project with dataset {request.name}{also}")
