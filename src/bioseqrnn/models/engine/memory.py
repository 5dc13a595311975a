"""Large arrays, used again: fresh memory costs a page fault every 4 kB when it is first written."""

from __future__ import annotations

import weakref
from collections import OrderedDict, deque
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

KEPT_BYTES = 2**26


class Pool:
    """Hands out arrays, and takes their memory back when nothing refers to them any more.

    Sizes are rounded up (to four steps a power of two), so that batches of like, but not equal,
    length share memory. Idle memory is held up to 64 MB or as much as was once in use at a time.
    """

    def __init__(self) -> None:
        self._idle: OrderedDict[int, npt.NDArray[np.uint8]] = OrderedDict()
        self._number = 0
        self._returned: deque[npt.NDArray[np.uint8]] = deque()
        self._used = self._most = self._waiting = 0
        self._lock = Lock()

    def take(self, count: int, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
        """Return a flat array of ``count`` numbers of any value."""
        needed = size_class(max(count, 1) * dtype.itemsize)
        with self._lock:
            self._collect()
            block = self._find(needed)
            self._used += needed
            self._most = max(self._most, self._used)
        if block is None:
            block = np.empty(needed, np.uint8)
        array = block[: count * dtype.itemsize].view(dtype)
        # deque.append is atomic: memory may come back in any thread, at any moment
        weakref.finalize(array, self._returned.append, block).atexit = False
        return array

    def _find(self, needed: int) -> npt.NDArray[np.uint8] | None:
        for number, block in self._idle.items():
            if block.size == needed:
                self._waiting -= needed
                return self._idle.pop(number)
        return None

    def _collect(self) -> None:
        """Take in what came back; let the longest unused go."""
        while self._returned:
            block = self._returned.popleft()
            self._used -= block.size
            self._waiting += block.size
            self._idle[self._number] = block
            self._number += 1
        while self._waiting > max(KEPT_BYTES, self._most - self._used):
            _, block = self._idle.popitem(last=False)
            self._waiting -= block.size


def size_class(size: int) -> int:
    """Return the next of 256, 320, 384, 448, 512, 640, … that is no less than ``size``."""
    step = max(64, 1 << (size.bit_length() - 3))
    return -(-size // step) * step


POOL = Pool()
