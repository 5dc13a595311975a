"""Matrix products of small tiles: C = begin + A B, with C in registers and B cut into panels.

With the shapes of a recurrent step (a few dozen rows, some hundred columns), a BLAS library spends
much of its time copying B into the order that it needs. Here B, a weight matrix, is copied once per
pass (``panels``), and the inner loop is that of ``block``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bioseqrnn.networks.engine.block import add_block
from bioseqrnn.networks.engine.simd import FEATURES, VECTOR_BYTES, lanes
from bioseqrnn.support.arrays import Numbers
from bioseqrnn.support.compiled import compiled

# Size of the block of C, chosen so that the block and a step of A and B fit in the registers: 32
# registers with AVX-512 and on ARM, else 16.
ROWS = 8 if FEATURES.get("avx512f") else 6
VECTORS = 4 if VECTOR_BYTES == 16 else 2


def panels(matrix: Numbers) -> Numbers:
    """Return B [depth, columns] in the order in which ``add_product`` reads it.

    Panels with as many columns as a block of C are stored one after the other; the last one is
    filled up with zeros. ``columns`` is a multiple of a vector's lanes.
    """
    depth, columns = matrix.shape
    width = panel_width(matrix.dtype)
    count = -(-columns // width)
    out = np.zeros((count, depth, width), matrix.dtype)
    whole = columns // width
    out[:whole] = matrix[:, : whole * width].reshape(depth, whole, width).transpose(1, 0, 2)
    if whole < count:
        out[whole, :, : columns - whole * width] = matrix[:, whole * width :]
    return out.reshape(-1)


def panel_width(dtype: np.dtype[Any]) -> int:
    """Number of columns of a panel."""
    return VECTORS * VECTOR_BYTES // dtype.itemsize


@compiled
def width_of(array: Numbers) -> int:
    """Number of columns of a panel, in compiled code."""
    width: int = VECTORS * lanes(array)
    return width


@compiled
def add_product(
    begin: Numbers, begin0: int, begin_row: int,
    a: Numbers, a0: int, a_row: int, a_step: int,
    b: Numbers, b0: int, b_step: int, b_panel: int,
    c: Numbers, c0: int, c_row: int,
    rows: int, columns: int, depth: int,
) -> None:  # fmt: skip
    """Write C = begin + A B, ``rows`` × ``columns`` numbers; places are as in ``block.add_block``.

    ``begin`` may be C itself, or one row for all (``begin_row`` = 0). Panel p of B begins at
    ``b0 + p b_panel``: ``b_panel`` is ``depth × width`` for a matrix made by ``panels`` (with
    ``b_step`` = width), and ``width`` for a matrix stored in rows of ``b_step`` numbers.
    """
    lane = lanes(c)
    width = VECTORS * lane
    whole = columns // width
    full = rows - rows % ROWS
    for p in range(whole):
        for r in range(0, full, ROWS):
            add_block(
                ROWS, VECTORS, begin, begin0 + r * begin_row + p * width, begin_row,
                a, a0 + r * a_row, a_row, a_step, b, b0 + p * b_panel, b_step,
                c, c0 + r * c_row + p * width, c_row, depth,
            )  # fmt: skip
        _add_rest(
            begin, begin0 + full * begin_row + p * width, begin_row,
            a, a0 + full * a_row, a_row, a_step, b, b0 + p * b_panel, b_step,
            c, c0 + full * c_row + p * width, c_row, rows - full, depth,
        )  # fmt: skip
    for v in range((columns - whole * width) // lane):
        at, column = b0 + whole * b_panel + v * lane, whole * width + v * lane
        for r in range(0, full, ROWS):
            add_block(
                ROWS, 1, begin, begin0 + r * begin_row + column, begin_row,
                a, a0 + r * a_row, a_row, a_step, b, at, b_step,
                c, c0 + r * c_row + column, c_row, depth,
            )  # fmt: skip
        for r in range(full, rows):
            add_block(
                1, 1, begin, begin0 + r * begin_row + column, begin_row,
                a, a0 + r * a_row, a_row, a_step, b, at, b_step,
                c, c0 + r * c_row + column, c_row, depth,
            )  # fmt: skip


@compiled
def _add_rest(
    begin: Numbers, begin0: int, begin_row: int,
    a: Numbers, a0: int, a_row: int, a_step: int, b: Numbers, b0: int, b_step: int,
    c: Numbers, c0: int, c_row: int, rows: int, depth: int,
) -> None:  # fmt: skip
    """Compute the last rows, which do not fill a block: fewer than ``ROWS``, so at most 7."""
    if rows >= 4:
        add_block(
            4, VECTORS, begin, begin0, begin_row,
            a, a0, a_row, a_step, b, b0, b_step, c, c0, c_row, depth,
        )  # fmt: skip
        begin0, a0, c0 = begin0 + 4 * begin_row, a0 + 4 * a_row, c0 + 4 * c_row
        rows -= 4
    if rows >= 2:
        add_block(
            2, VECTORS, begin, begin0, begin_row,
            a, a0, a_row, a_step, b, b0, b_step, c, c0, c_row, depth,
        )  # fmt: skip
        begin0, a0, c0 = begin0 + 2 * begin_row, a0 + 2 * a_row, c0 + 2 * c_row
        rows -= 2
    if rows:
        add_block(
            1, VECTORS, begin, begin0, begin_row,
            a, a0, a_row, a_step, b, b0, b_step, c, c0, c_row, depth,
        )  # fmt: skip
