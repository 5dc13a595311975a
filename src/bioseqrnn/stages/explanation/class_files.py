"""Files of which there is one for each class."""

from __future__ import annotations

from pathlib import Path

from bioseqrnn.support.errors import InputError


def class_files(folder: Path, pattern: str, classes: list[str], source: Path) -> list[Path]:
    """Return a path for each class, by its name in the place of ``{label}`` of the pattern.

    Raises
    ------
    InputError
        Two classes of ``source`` would have the same file.
    """
    files = [folder / pattern.format(label=_named(name)) for name in classes]
    if len(set(files)) < len(files):
        twice = next(file.name for file in files if files.count(file) > 1)
        raise InputError(
            f"{source}: two classes would have the same file {twice}; rename one of them"
        )
    return files


def _named(label: str) -> str:
    """Name of a class as part of a file name."""
    return "".join(c if c.isalnum() or c in "-_.+" else "_" for c in label)
