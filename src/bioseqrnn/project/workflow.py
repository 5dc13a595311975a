"""The workflow that belongs to this package, run by Snakemake in the folder of a project."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import chdir, redirect_stderr
from pathlib import Path

import bioseqrnn
from bioseqrnn.config.checks.text import suggestion
from bioseqrnn.support.errors import InputError

# options of Snakemake that say how many jobs run at a time, and its variable for a profile
SAY_CORES = ("--cores", "-c", "--jobs", "-j", "--profile")
PROFILE = "SNAKEMAKE_PROFILE"


def workflow_folder() -> Path:
    """Return the folder with ``Snakefile``, ``rules`` and ``profiles``.

    An installed package contains them. In a checkout the folder in the package is a link to
    ``workflow`` at the top of the repository.

    Raises
    ------
    InputError
        The package was installed without them.
    """
    folder = Path(bioseqrnn.__file__).with_name("workflow").resolve()
    if not (folder / "Snakefile").is_file():
        raise InputError(
            f"{folder}: the workflow is not there; install bioseqrnn again, by pip or git"
        )
    return folder


def profile_text(name: str) -> str:
    """Return a profile of the workflow, as it stands in a project.

    Raises
    ------
    InputError
        There is no profile of this name.
    """
    profiles = workflow_folder() / "profiles"
    known = sorted(path.name for path in profiles.iterdir() if (path / "config.yaml").is_file())
    if name not in known:
        raise InputError(f"--profile {name}: no such profile; {suggestion(name, known)}")
    text = (profiles / name / "config.yaml").read_text(encoding="utf-8")
    text = text.replace("snakemake --profile", "bioseqrnn run -- --profile")
    return text.replace("workflow/profiles/", "profiles/")


def run_workflow(folder: Path, words: Sequence[str], cores: int | None) -> int:
    """Run Snakemake in a folder, and return its exit code.

    Snakemake runs in this process, so that signals, the terminal and job control are its own.

    Parameters
    ----------
    folder : Path
        Folder of the project.
    words : sequence of str
        More words for Snakemake; relative paths in them start at ``folder``.
    cores : int, optional
        Cores of this machine. None: as ``words`` say, and all cores if they say nothing.
    """
    from snakemake.cli import main

    called = ["--snakefile", str(workflow_folder() / "Snakefile")]
    if cores is not None:
        called += ["--cores", str(cores)]
    elif not any(word.startswith(SAY_CORES) for word in words) and PROFILE not in os.environ:
        called += ["--cores", "all"]
    # Snakemake colours its messages, which the guard of the command line would show as text
    plain = getattr(sys.stderr, "unguarded", sys.stderr)
    with chdir(folder), redirect_stderr(plain):
        try:
            main([*called, *words])
        except SystemExit as end:
            return end.code if isinstance(end.code, int) else int(bool(end.code))
    return 0
