"""Forward pass of one layer: all time steps of tiles of sequences.

A tile holds a few dozen sequences of similar length, longest first. The sequences that have not
ended at a step are therefore its first rows, and nothing is computed past a sequence's end. The
values of a tile that the backward pass needs are stored together, step by step: the running
sequences of step 0, those of step 1, and so on.

In both directions a step reads the next residue; the reverse direction reads residue
``length - 1 - step``.
"""

from __future__ import annotations

from typing import NamedTuple

from bioseqrnn.networks.engine.gates import forward_gates
from bioseqrnn.networks.engine.products import add_product, width_of
from bioseqrnn.networks.engine.rows import clear, copy, copy_rows, gather, scatter
from bioseqrnn.support.arrays import Ints, Numbers
from bioseqrnn.support.compiled import compiled


class Shape(NamedTuple):
    """Sizes of a layer; ``hidden`` is ``units`` rounded up to whole vectors.

    ``cell`` is the number of the cell in ``networks.cells.CELLS``. ``kept``, ``sums``,
    ``fed_by_hidden``, ``fed_by_input`` and ``input_from`` are ``hidden`` times the numbers in
    ``networks.cells.cell.Columns``.
    """

    cell: int
    units: int
    hidden: int
    inputs: int
    padded_inputs: int
    directions: int
    batch: int
    time: int
    kept: int
    sums: int
    fed_by_hidden: int
    fed_by_input: int
    input_from: int


class Tiles(NamedTuple):
    """A batch in tiles, longest sequences first.

    Attributes
    ----------
    order, lengths : int64 [batch]
        Place of each sequence in the batch, and its length.
    starts, rows : int64 [tiles + 1]
        First sequence and first row of each tile; there is one row per residue.
    """

    order: Ints
    lengths: Ints
    starts: Ints
    rows: Ints


class Weights(NamedTuple):
    """Weights of both directions, flat, in the order of ``networks.cells.cell.Columns``.

    Attributes
    ----------
    bias : [directions, sums]
    input, hidden : [directions, panels]
        W_ih and W_hh, in panels.
    """

    bias: Numbers
    input: Numbers
    hidden: Numbers


@compiled
def forward(
    jobs: Ints,
    scratch: Numbers,
    residues: Ints,
    keep: bool,
    clean: bool,
    shape: Shape,
    tiles: Tiles,
    x: Numbers,
    weights: Weights,
    history: Numbers,
    y: Numbers,
    last: Numbers,
    last_cells: Numbers,
) -> None:
    """Run tiles of one or two directions forward.

    Parameters
    ----------
    jobs : int64 array
        Numbers ``direction * tiles + tile``.
    scratch, residues : arrays
        Memory of this thread: (rows of the largest tile) × (2 hidden + inputs) numbers, and one
        integer per row.
    keep : bool
        Whether ``history`` holds all residues, or only one step of this thread.
    clean : bool
        Whether ``y`` is filled with zeros already.
    shape, tiles, weights
        See their classes.
    x : [batch, time, inputs], flat
    history : [directions, residues, kept] or [rows, kept], flat, written
    y : [batch, time, directions * units], flat, written
    last, last_cells : [directions, batch, units], flat, written
        States after the last residue; ``last_cells`` is empty unless the cell has two states.
    """
    hidden, units, kept, width = shape.hidden, shape.units, shape.kept, shape.inputs
    most = len(residues)
    h = scratch[: most * hidden]
    c = scratch[most * hidden : 2 * most * hidden]
    read_x = scratch[2 * most * hidden :]
    # Arrays are taken out of their tuples once: each access counts a reference, which costs more
    # than the work on one row.
    order, lengths, firsts, before = tiles
    bias, w_input, w_hidden = weights
    count = len(firsts) - 1
    out = shape.directions * units
    for job in jobs:
        direction, tile = job // count, job % count
        first = firsts[tile]
        rows = firsts[tile + 1] - first
        here = direction * before[count] + before[tile] if keep else 0
        clear(h, 0, rows * hidden)
        clear(c, 0, rows * hidden)
        for t in range(lengths[first]):
            while lengths[first + rows - 1] <= t:
                rows -= 1
            at = here * kept
            read(order, lengths, shape.time, direction, first, rows, t, residues)
            gather(read_x, 0, width, x, residues, width, rows, width)
            add_product(
                bias, direction * shape.sums + shape.input_from, 0, read_x, 0, width, 1,
                w_input, direction * (w_input.size // shape.directions),
                width_of(x), width * width_of(x),
                history, at + shape.input_from, kept, rows, shape.fed_by_input, width,
            )  # fmt: skip
            copy_rows(history, at, kept, bias, direction * shape.sums, 0, rows, shape.input_from)
            # the state before the first residue is zero
            if t > 0:
                add_product(
                    history, at, kept, h, 0, hidden, 1,
                    w_hidden, direction * (w_hidden.size // shape.directions),
                    width_of(h), units * width_of(h),
                    history, at, kept, rows, shape.fed_by_hidden, units,
                )  # fmt: skip
            forward_gates(shape.cell, history, at, kept, h, c, rows, hidden)
            scatter(y, residues, out, direction * units, h, hidden, rows, units)
            for row in range(rows - 1, -1, -1):
                if lengths[first + row] > t + 1:
                    break
                place = (direction * shape.batch + order[first + row]) * units
                copy(last, place, h, row * hidden, units)
                if last_cells.size:
                    copy(last_cells, place, c, row * hidden, units)
            if keep:
                here += rows
        for row in range(0 if clean else firsts[tile + 1] - first):
            for t in range(lengths[first + row], shape.time):
                clear(y, (order[first + row] * shape.time + t) * out + direction * units, units)


@compiled
def read(
    order: Ints, lengths: Ints, time: int, direction: int, first: int, rows: int, t: int,
    residues: Ints,
) -> None:  # fmt: skip
    """Write the number of the residue (of batch × time) that each sequence of a tile reads."""
    for row in range(rows):
        place = t if direction == 0 else lengths[first + row] - 1 - t
        residues[row] = order[first + row] * time + place
