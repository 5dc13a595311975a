"""Profiles of batch systems as users edit them."""

from __future__ import annotations

import re
from pathlib import Path

from conftest import ROOT

PROFILES = ROOT / "workflow" / "profiles"


def filled_in(profile: str, folder: Path) -> Path:
    """The profile after a user has uncommented what is to be filled in."""
    text = (PROFILES / profile / "config.yaml").read_text()
    text, count = re.subn(r"^( *)#(?! )", r"\1", text, flags=re.MULTILINE)
    assert count
    folder.mkdir()
    (folder / "config.yaml").write_text(text)
    (folder / "partitions.yaml").write_text("partitions:\n  main: {max_threads: 2}\n")
    return folder


def with_trainings_in_groups(folder: Path) -> Path:
    """The profile of SLURM after a user has followed what it says of many short trainings."""
    text = (PROFILES / "slurm" / "config.yaml").read_text()
    text = re.sub(r"#(train)", r"\1", text)
    text, count = re.subn(r"runtime: .*# in groups: (.*)", r"runtime: \1", text)
    assert count == 1
    folder.mkdir()
    (folder / "config.yaml").write_text(text)
    return folder
