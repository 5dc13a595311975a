"""Copies and sums of rows of numbers, in vectors.

Written out, since Numba's indices may be negative, which keeps LLVM from making vectors of a plain
loop.
"""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from bioseqrnn.compiled import compiled
from bioseqrnn.models.engine.simd import lanes, load, store, zeros

Floats = npt.NDArray[Any]


@compiled
def copy(target: Floats, t0: int, source: Floats, s0: int, count: int) -> None:
    """Write ``count`` numbers of ``source[s0:]`` to ``target[t0:]``."""
    whole = count - count % lanes(target)
    for j in range(0, whole, lanes(target)):
        store(target, t0 + j, load(source, s0 + j))
    for j in range(whole, count):
        target[t0 + j] = source[s0 + j]


@compiled
def add(target: Floats, t0: int, source: Floats, s0: int, count: int) -> None:
    """Add ``count`` numbers of ``source[s0:]`` to ``target[t0:]``."""
    whole = count - count % lanes(target)
    for j in range(0, whole, lanes(target)):
        store(target, t0 + j, load(target, t0 + j) + load(source, s0 + j))
    for j in range(whole, count):
        target[t0 + j] += source[s0 + j]


@compiled
def clear(target: Floats, t0: int, count: int) -> None:
    """Write ``count`` zeros to ``target[t0:]``."""
    whole = count - count % lanes(target)
    for j in range(0, whole, lanes(target)):
        store(target, t0 + j, zeros(target))
    for j in range(whole, count):
        target[t0 + j] = 0
