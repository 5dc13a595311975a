"""Paths in the sheets of a project."""

from __future__ import annotations

from pathlib import Path


def whole(path: str | Path) -> str:
    """Return the absolute path of a file, without ``..``; links keep their names."""
    absolute = Path(path).absolute()
    return str(absolute.resolve() if ".." in absolute.parts else absolute)


def in_sheet(path: str, folder: Path) -> str:
    """Return an absolute path as it stands in a sheet of the project.

    A file in the folder of the project is named from there: the folder can be moved and copied with
    its files. Any other file has its absolute path: it does not move with the folder.
    """
    start = Path(whole(folder))
    if start not in Path(path).parents:
        return path
    inner = str(Path(path).relative_to(start))
    # a sheet strips blanks, and other names are read as options or home folders
    return f"./{inner}" if inner[0] in "-~ " else inner


def of_sheet(path: str, folder: Path) -> Path:
    """Return the file that a sheet of the project names, whatever links lead to it."""
    return (folder / path).resolve()


def to_show(path: Path) -> str:
    """Return a path from here if the file is below this folder, and otherwise the whole path."""
    here, absolute = Path.cwd(), Path(whole(path))
    return str(absolute.relative_to(here) if here in absolute.parents else absolute)
