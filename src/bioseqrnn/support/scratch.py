"""Columns of any length, in memory or in files without a name."""

from __future__ import annotations

import mmap
import os
import tempfile
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from bioseqrnn.support.atomic import FULL

Value = TypeVar("Value", bound=np.generic)


class Column(Generic[Value]):
    """Collects an array part by part.

    Parameters
    ----------
    dtype : type
        Type of the values.
    folder : Path, optional
        Folder for a file without a name, which holds the parts and disappears with the process. The
        array is then a read-only view of the file: its pages are in memory while there is space,
        and the system can drop them at any time, so that they do not count as memory of the
        process. None: parts are collected in memory.
    """

    def __init__(self, dtype: type[Value], folder: Path | None) -> None:
        self._dtype, self._folder = dtype, folder
        self._parts: list[npt.NDArray[Value]] = []
        # closed by finish, or when the process ends; a `with` cannot span two calls
        self._file = None if folder is None else tempfile.TemporaryFile(dir=folder)  # noqa: SIM115

    def add(self, part: npt.NDArray[Any]) -> None:
        """Append values."""
        part = np.ascontiguousarray(part, self._dtype)
        if self._file is None:
            self._parts.append(part)
            return
        try:
            # data are written, not stored through a memory map: if the disk is full, this raises an
            # error, while a memory map would kill the process
            self._file.write(part.data)
            self._file.flush()
        except OSError as error:
            if error.errno not in FULL:
                raise
            raise OSError(
                f"{self._folder}: no space for the unpacked table, which is kept there while this "
                f"runs: {os.strerror(error.errno)}; free some space, then run again"
            ) from error

    def finish(self) -> npt.NDArray[Value]:
        """Return all values, one-dimensional; nothing can be added after that."""
        if self._file is None:
            parts, self._parts = self._parts, []
            if len(parts) == 1:
                return parts[0]
            return np.concatenate([np.empty(0, self._dtype), *parts])
        with self._file as file:
            if file.tell() == 0:
                return np.empty(0, self._dtype)
            # the map remains valid after the file is closed
            pages = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        return np.frombuffer(pages, self._dtype)
