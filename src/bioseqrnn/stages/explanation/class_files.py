"""Files of which there is one for each class."""

from __future__ import annotations

from pathlib import Path

from bioseqrnn.support.errors import InputError
from bioseqrnn.support.paths import part_of_name


def class_files(folder: Path, pattern: str, classes: list[str], source: Path) -> list[Path]:
    """Return a path for each class, by its name in the place of ``{label}`` of the pattern.

    Raises
    ------
    InputError
        Two classes of ``source`` would have the same file.
    """
    files = [folder / pattern.format(label=part_of_name(name)) for name in classes]
    if len(set(files)) < len(files):
        twice = next(file.name for file in files if files.count(file) > 1)
        raise InputError(
            f"{source}: two classes would have the same file {twice}; rename one of them"
        )
    return files
