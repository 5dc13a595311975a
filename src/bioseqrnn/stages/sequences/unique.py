"""Find repeated keys among any number of keys, in bounded memory."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import BinaryIO

import numpy as np

from bioseqrnn.onehot.twins import Digests
from bioseqrnn.support.arrays import Ints

HELD = 2_000_000
BUCKETS = 256
KEY_BYTES = 16


class RepeatedKeys:
    """Collects digests; finds at the end those that occurred more than once.

    Up to two million keys stay in memory (32 MB). More keys are sorted by their highest bits into
    256 buckets and written to an unnamed temporary file, which is removed with the process. At the
    end, one bucket at a time is read back.

    Parameters
    ----------
    folder : Path
        Folder of the temporary file, which has 16 bytes per key.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._parts: list[Digests] = []
        self._held = 0
        self._file: BinaryIO | None = None
        # start of each bucket in each spill, counted in keys
        self._bounds: list[Ints] = []

    def add(self, keys: Digests) -> None:
        """Add digests, uint64 [n, 2]."""
        self._parts.append(keys)
        self._held += len(keys)
        if self._held >= HELD:
            self._spill()

    def find(self) -> Digests:
        """Return each key that was added more than once, uint64 [repeated, 2]; then discard all."""
        keys = np.concatenate([*self._parts, np.empty((0, 2), np.uint64)])
        if self._file is None:
            return _repeated(keys)
        if len(keys):
            self._spill()
        found = [_repeated(self._bucket(self._file, number)) for number in range(BUCKETS)]
        self._file.close()
        self._file, self._bounds = None, []
        return np.concatenate(found)

    def _bucket(self, file: BinaryIO, number: int) -> Digests:
        parts = []
        for bounds in self._bounds:
            file.seek(int(bounds[number]) * KEY_BYTES)
            parts.append(file.read(int(bounds[number + 1] - bounds[number]) * KEY_BYTES))
        return np.frombuffer(b"".join(parts), np.uint64).reshape(-1, 2)

    def _spill(self) -> None:
        if self._file is None:
            # closed by find, or with the process; a `with` cannot span two calls
            self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115
        keys = np.concatenate(self._parts)
        self._parts, self._held = [], 0
        bucket = (keys[:, 0] >> np.uint64(56)).astype(np.uint8)
        start = self._bounds[-1][-1] if self._bounds else 0
        sizes = np.bincount(bucket, minlength=BUCKETS)
        self._bounds.append(start + np.concatenate([[0], np.cumsum(sizes)]))
        self._file.write(keys[np.argsort(bucket, kind="stable")].tobytes())


def _repeated(keys: Digests) -> Digests:
    high = np.sort(keys[:, 0])
    if not (high[1:] == high[:-1]).any():
        # not a view, which would keep all the keys in memory
        return np.empty((0, 2), np.uint64)
    order = np.argsort(keys[:, 0])
    high = keys[order, 0]
    alike = np.flatnonzero(high[1:] == high[:-1])
    # the second halves matter only where the first halves are equal
    candidates = keys[order[np.union1d(alike, alike + 1)]]
    distinct, counts = np.unique(candidates, axis=0, return_counts=True)
    return distinct[counts > 1]
