"""One layer forward: all time steps of tiles of sequences.

A tile is a few dozen sequences of like length, longest first, so that those still running at a step
are its first rows and nothing is computed past a sequence's end. What the backward pass needs of a
tile lies together, step after step: the running sequences of step 0, those of step 1, and so on.

In both directions a step is "the next residue that is read": the reverse direction reads residue
``length - 1 - step``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from bioseqrnn.networks.engine.cells import forward_gates
from bioseqrnn.networks.engine.products import add_product, width_of
from bioseqrnn.networks.engine.rows import clear, copy, copy_rows, gather, scatter
from bioseqrnn.support.arrays import Ints, Numbers
from bioseqrnn.support.compiled import compiled


class Shape(NamedTuple):
    """Sizes of a layer; ``hidden`` is ``units`` rounded up to whole vectors.

    ``kept``, ``sums``, ``fed_by_hidden``, ``fed_by_input`` and ``input_from`` are those of
    ``cells.Columns``, times ``hidden``. ``symbols`` is 0 for x, ``inputs`` is 0 for codes.
    """

    cell: int
    units: int
    hidden: int
    inputs: int
    padded_inputs: int
    symbols: int
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
        Of each sequence, its place in the batch and its length.
    starts, rows : int64 [tiles + 1]
        Where a tile's sequences begin, and where its rows (one a residue) begin.
    """

    order: Ints
    lengths: Ints
    starts: Ints
    rows: Ints


class Inputs(NamedTuple):
    """Symbol codes [batch, time], or, where these are empty, x [batch, time, inputs]; flat."""

    codes: Ints
    x: Numbers


class Weights(NamedTuple):
    """Weights of both directions, flat, in the order of ``cells``.

    Attributes
    ----------
    table : [directions, symbols, sums]
        Of each symbol, what a row's sums begin with: W_ih x and the biases. For x a single row,
        the biases.
    input, hidden : [directions, panels]
        W_ih (for x) and W_hh, in panels.
    """

    table: Numbers
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
    inputs: Inputs,
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
        Memory of this thread: rows of the largest tile × (2 hidden + inputs) numbers, and as many
        integers as rows.
    keep : bool
        Whether ``history`` is for all residues, or for one step of this thread.
    clean : bool
        Whether ``y`` holds zeros already.
    shape, tiles, inputs, weights
        See there.
    history : [directions, residues, kept] or [rows, kept], flat, written
    y : [batch, time, directions * units], flat, written
    last, last_cells : [directions, batch, units], flat, written
        States after the last residue; ``last_cells`` of the LSTM only.
    """
    hidden, units, kept, width = shape.hidden, shape.units, shape.kept, shape.inputs
    cell, symbols = shape.cell, shape.symbols
    most = len(residues)
    h = scratch[: most * hidden]
    c = scratch[most * hidden : 2 * most * hidden]
    x = scratch[2 * most * hidden :]
    starts = np.empty(most, np.int64)
    # out of their tuples: taking one out counts a reference, which costs more than a row
    order, lengths, firsts, before = tiles
    codes, source = inputs
    tables, w_input, w_hidden = weights
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
            table = direction * (tables.size // shape.directions)
            for row in range(rows):
                starts[row] = table
                if symbols:
                    starts[row] += codes[residues[row]] * shape.sums
            if symbols:
                # at t = 0 the state is zero: what the sums begin with is copied
                add_product(
                    tables, starts, 0, h, 0, hidden, 1,
                    w_hidden, direction * (w_hidden.size // shape.directions),
                    width_of(h), units * width_of(h),
                    history, at, kept, rows, shape.fed_by_hidden, units if t > 0 else 0,
                )  # fmt: skip
                forward_gates(cell, history, at, kept, tables, starts, h, c, rows, hidden)
            else:
                gather(x, 0, width, source, residues, width, rows, width)
                add_product(
                    tables, starts, shape.input_from, x, 0, width, 1,
                    w_input, direction * (w_input.size // shape.directions),
                    width_of(x), width * width_of(x),
                    history, at + shape.input_from, kept, rows, shape.fed_by_input, width,
                )  # fmt: skip
                copy_rows(history, at, kept, tables, table, 0, rows, shape.input_from)
                for row in range(rows):
                    starts[row] = at + row * kept
                if t > 0:
                    add_product(
                        history, starts, 0, h, 0, hidden, 1,
                        w_hidden, direction * (w_hidden.size // shape.directions),
                        width_of(h), units * width_of(h),
                        history, at, kept, rows, shape.fed_by_hidden, units,
                    )  # fmt: skip
                forward_gates(cell, history, at, kept, history, starts, h, c, rows, hidden)
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
    """Write which of batch × time residues the sequences of a tile read at a step."""
    for row in range(rows):
        place = t if direction == 0 else lengths[first + row] - 1 - t
        residues[row] = order[first + row] * time + place
