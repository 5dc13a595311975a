"""Paths in the sheets of a project."""

from __future__ import annotations

import os
from pathlib import Path


def in_sheet(path: str, folder: Path) -> str:
    """Return an absolute path as it stands in a sheet of the project.

    A file in the folder of the project is named from there: the folder can be moved and copied with
    its files. Any other file has its absolute path: it does not move with the folder.
    """
    start = os.path.abspath(folder)
    if os.path.commonpath([start, path]) != start or path == start:
        return path
    inner = os.path.relpath(path, start)
    # otherwise like an option, or stripped, or like a home folder
    return f"./{inner}" if inner[0] in "-~ " else inner


def of_sheet(path: str, folder: Path) -> str:
    """Return the absolute path of a file that a sheet of the project names."""
    return os.path.abspath(folder / path)


def to_show(path: Path) -> str:
    """Return a path from here if the file is below this folder, and otherwise the whole path."""
    whole = os.path.abspath(path)
    short = os.path.relpath(whole)
    return whole if short.startswith("..") else short
