"""Reuse of large arrays: new memory costs a page fault per 4 kB when it is first written."""

from __future__ import annotations

import weakref
from collections import OrderedDict, deque
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

KEPT_BYTES = 2**26


class _Loan:
    """The object to which an array from the pool, and every view of it, refers.

    It is not an array itself: otherwise views would refer to the block of memory directly.
    """

    def __init__(self, block: npt.NDArray[np.uint8], count: int, dtype: np.dtype[Any]) -> None:
        self.__array_interface__ = block.__array_interface__ | {
            "shape": (count,),
            "typestr": dtype.str,
            "descr": dtype.descr,
        }


class Pool:
    """Hands out arrays, and takes their memory back when nothing refers to them any more.

    Sizes are rounded up (four sizes per power of two), so that batches of similar, but not equal,
    lengths can use the same memory. Idle memory is kept up to 64 MB, or up to the difference
    between the most memory ever in use and the memory in use now, if that is more.
    """

    def __init__(self) -> None:
        self._idle: OrderedDict[int, npt.NDArray[np.uint8]] = OrderedDict()
        self._number = 0
        self._returned: deque[npt.NDArray[np.uint8]] = deque()
        self._used = self._most = self._waiting = 0
        self._lock = Lock()

    def take(self, count: int, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
        """Return a flat, uninitialised array of ``count`` numbers."""
        needed = size_class(max(count, 1) * dtype.itemsize)
        with self._lock:
            self._collect()
            block = self._find(needed)
            self._used += needed
            self._most = max(self._most, self._used)
        if block is None:
            block = np.empty(needed, np.uint8)
        loan = _Loan(block, count, dtype)
        # deque.append is atomic: memory may come back in any thread, at any moment
        weakref.finalize(loan, self._returned.append, block).atexit = False
        return np.asarray(loan)

    def _find(self, needed: int) -> npt.NDArray[np.uint8] | None:
        for number, block in self._idle.items():
            if block.size == needed:
                self._waiting -= needed
                return self._idle.pop(number)
        return None

    def _collect(self) -> None:
        """Collect returned blocks; free those that have been unused for longest."""
        while self._returned:
            block = self._returned.popleft()
            self._used -= block.size
            self._waiting += block.size
            self._idle[self._number] = block
            self._number += 1
        while self._waiting > max(KEPT_BYTES, self._most - self._used):
            _, block = self._idle.popitem(last=False)
            self._waiting -= block.size


def take_padded(
    shape: tuple[int, ...], residues: int, dtype: np.dtype[Any]
) -> tuple[npt.NDArray[Any], bool]:
    """Return a flat array for a padded batch, and whether it holds zeros already.

    If most of it is padding, it is new memory: the system fills it with zeros, and a page takes up
    memory only when it is first written.

    Parameters
    ----------
    shape : tuple of int
        Directions (if there are several), batch, time and features.
    residues : int
        Positions of directions × batch × time that are not padding.
    """
    size = int(np.prod(shape))
    if residues * shape[-1] < size / 2:
        return np.zeros(size, dtype), True
    return POOL.take(size, dtype), False


def size_class(size: int) -> int:
    """Return the first of 64, 128, 192, 256, 320, … 512, 640, … that is at least ``size``."""
    step = max(64, 1 << max(0, size.bit_length() - 3))
    return -(-size // step) * step


POOL = Pool()
