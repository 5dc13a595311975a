"""Comparison of output paths with input paths before anything is read or written."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from itertools import combinations
from pathlib import Path

from bioseqrnn.support.errors import InputError

# name of a path in messages (its option), and the path
Named = tuple[str, Path]
Key = tuple[int, int] | str


def check_outputs(inputs: Iterable[Named], outputs: Iterable[Named]) -> None:
    """Refuse outputs that would overwrite something they must not, or that cannot be written.

    Parameters
    ----------
    inputs, outputs : iterable of (str, Path)
        The option, as messages name it, and the file; an input may also be a folder, which means
        the files in it.

    Raises
    ------
    InputError
        An output is the same file as an input or another output, also by another name or link; it
        is a folder, a device, a pipe or a socket; or its folder cannot be written to.
    """
    outputs = [(option, Path(path)) for option, path in outputs]
    for option, path in outputs:
        _check_plain(option, path)
        _check_folder(option, path)
    read = {_key(path): (option, path) for option, path in _files(inputs)}
    for option, path in outputs:
        if found := read.get(_key(path)):
            raise InputError(
                f"{option} {path}: is also an input ({found[0]} {found[1]}); write to another file"
            )
    for (option, path), (other, second) in combinations(outputs, 2):
        if _key(path) == _key(second):
            raise InputError(
                f"{option} {path} and {other} {second} are the same file; write to two different "
                "files"
            )
        for inner, outer in ((path, second), (second, path)):
            if outer.resolve() in inner.resolve().parents:
                raise InputError(f"{outer}: is an output file, but {inner} would be inside it")


def check_folder(option: str, folder: Path) -> None:
    """Refuse an output folder that is not a folder or cannot be written to."""
    _check_folder(option, folder / "any")


def _check_plain(option: str, path: Path) -> None:
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise InputError(f"{option} {path}: {error.strerror}; give another file") from error
    if stat.S_ISDIR(mode):
        raise InputError(f"{option} {path}: is a folder; give a file")
    if not stat.S_ISREG(mode):
        raise InputError(f"{option} {path}: is a device, pipe or socket; give a regular file")


def _check_folder(option: str, path: Path) -> None:
    """Check the folder in which the file, or the first missing folder above it, would be made."""
    folder = next(parent for parent in path.absolute().parents if os.path.lexists(parent))
    if not folder.is_dir():
        raise InputError(f"{option} {path}: {folder} is not a folder; give another path")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(
            f"{option} {path}: {folder} cannot be written to; check its permissions, or give "
            "another folder"
        )


def _files(inputs: Iterable[Named]) -> Iterable[Named]:
    for option, path in inputs:
        if path.is_dir():
            yield from ((option, entry) for entry in path.iterdir() if not entry.is_dir())
        else:
            yield option, path


def _key(path: Path) -> Key:
    """Return a key that is the same for all names of one file."""
    try:
        found = path.stat()
    except OSError:
        return str(path.resolve())
    return found.st_dev, found.st_ino


def part_of_name(label: str) -> str:
    """Name of a class as part of a file name."""
    return "".join(c if c.isalnum() or c in "-_.+" else "_" for c in label)
