"""Find repeated keys among any number of them, in bounded memory."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import BinaryIO

import numpy as np

from bioseqrnn.sequences.twins import Digests

HELD = 2_000_000
BUCKETS = 256


class RepeatedKeys:
    """Collects digests; says at the end which occurred more than once.

    Up to two million keys stay in memory (32 MB); more are dealt by their highest bits into 256
    nameless temporary files, which vanish with the process, and are looked at one file at a time.

    Parameters
    ----------
    folder : Path
        Where the temporary files lie: 16 bytes a key.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._parts: list[Digests] = []
        self._held = 0
        self._files: list[BinaryIO] = []

    def add(self, keys: Digests) -> None:
        """Add digests, uint64 [n, 2]."""
        self._parts.append(keys)
        self._held += len(keys)
        if self._held >= HELD:
            self._spill()

    def find(self) -> Digests:
        """Return each key that was added more than once, uint64 [repeated, 2]; then forget all."""
        if not self._files:
            return _repeated(np.concatenate([*self._parts, np.empty((0, 2), np.uint64)]))
        if self._parts:
            self._spill()
        found = []
        for file in self._files:
            file.seek(0)
            found.append(_repeated(np.frombuffer(file.read(), np.uint64).reshape(-1, 2)))
            file.close()
        self._files = []
        return np.concatenate(found)

    def _spill(self) -> None:
        if not self._files:
            # closed by find, or with the process; a `with` cannot span two calls
            self._files = [
                tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115
                for _ in range(BUCKETS)
            ]
        keys = np.concatenate(self._parts)
        self._parts, self._held = [], 0
        bucket = (keys[:, 0] >> np.uint64(56)).astype(np.uint8)
        keys = keys[np.argsort(bucket, kind="stable")]
        ends = np.cumsum(np.bincount(bucket, minlength=BUCKETS))
        for file, part in zip(self._files, np.split(keys, ends[:-1]), strict=True):
            file.write(part.tobytes())


def _repeated(keys: Digests) -> Digests:
    high = np.sort(keys[:, 0])
    if not (high[1:] == high[:-1]).any():
        # not a view, which would keep all the keys
        return np.empty((0, 2), np.uint64)
    order = np.argsort(keys[:, 0])
    high = keys[order, 0]
    alike = np.flatnonzero(high[1:] == high[:-1])
    # only where the first halves meet do the second ones decide
    candidates = keys[order[np.union1d(alike, alike + 1)]]
    distinct, counts = np.unique(candidates, axis=0, return_counts=True)
    return distinct[counts > 1]
