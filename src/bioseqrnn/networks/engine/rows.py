"""Copies and sums of rows of numbers, in vectors.

Row i of an array begins at ``starts[i] * width + shift`` or, without ``starts``, at
``first + i * width``. Vectors are written out: in Numba indices may be negative, so that LLVM does
not vectorise plain loops.
"""

from __future__ import annotations

from bioseqrnn.networks.engine.simd import lanes, load, store, zeros
from bioseqrnn.support.arrays import Ints, Numbers
from bioseqrnn.support.compiled import compiled


@compiled
def clear(target: Numbers, first: int, count: int) -> None:
    """Write ``count`` zeros to ``target[first:]``."""
    whole = count - count % lanes(target)
    for j in range(0, whole, lanes(target)):
        store(target, first + j, zeros(target))
    for j in range(whole, count):
        target[first + j] = 0


@compiled
def copy(target: Numbers, first: int, source: Numbers, begin: int, count: int) -> None:
    """Write ``count`` numbers of ``source[begin:]`` to ``target[first:]``."""
    whole = count - count % lanes(target)
    for j in range(0, whole, lanes(target)):
        store(target, first + j, load(source, begin + j))
    for j in range(whole, count):
        target[first + j] = source[begin + j]


@compiled
def copy_rows(
    target: Numbers, first: int, width: int,
    source: Numbers, begin: int, step: int, rows: int, count: int,
) -> None:  # fmt: skip
    """Copy ``count`` numbers of each row."""
    for row in range(rows):
        copy(target, first + row * width, source, begin + row * step, count)


@compiled
def scatter(
    target: Numbers, starts: Ints, width: int, shift: int,
    source: Numbers, step: int, rows: int, count: int,
) -> None:  # fmt: skip
    """Write rows of ``source`` to the rows ``starts`` of ``target``."""
    for row in range(rows):
        copy(target, starts[row] * width + shift, source, row * step, count)


@compiled
def gather(
    target: Numbers, first: int, width: int,
    source: Numbers, starts: Ints, step: int, rows: int, count: int,
) -> None:  # fmt: skip
    """Copy the rows ``starts`` of ``source`` to successive rows of ``target``."""
    for row in range(rows):
        copy(target, first + row * width, source, starts[row] * step, count)


@compiled
def gather_add(
    target: Numbers, width: int,
    source: Numbers, starts: Ints, step: int, shift: int, rows: int, count: int,
) -> None:  # fmt: skip
    """Add the rows ``starts`` of ``source`` to successive rows of ``target``."""
    whole = count - count % lanes(target)
    for row in range(rows):
        to, at = row * width, starts[row] * step + shift
        for j in range(0, whole, lanes(target)):
            store(target, to + j, load(target, to + j) + load(source, at + j))
        for j in range(whole, count):
            target[to + j] += source[at + j]


@compiled
def add_columns(
    target: Numbers, first: int, source: Numbers, begin: int, step: int, rows: int
) -> None:
    """Add all rows of ``source``, of ``step`` numbers (whole vectors), to one row, in order."""
    for j in range(0, step, lanes(target)):
        total = load(target, first + j)
        for row in range(rows):
            total = total + load(source, begin + row * step + j)
        store(target, first + j, total)
