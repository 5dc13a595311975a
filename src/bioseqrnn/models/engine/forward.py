"""One layer forward: all time steps of tiles of sequences.

A tile is a few dozen sequences of like length, longest first, so that those still running at a step
are its first rows and nothing is computed past a sequence's end. What the backward pass needs of a
tile lies together, step after step: the running sequences of step 0, those of step 1, and so on.

In both directions a step is "the next residue that is read": the reverse direction reads residue
``length - 1 - step``.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from bioseqrnn.compiled import compiled
from bioseqrnn.models.engine.cells import forward_gates
from bioseqrnn.models.engine.products import add_product, width_of
from bioseqrnn.models.engine.rows import clear, copy

Floats = npt.NDArray[Any]
Ints = npt.NDArray[np.int64]


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
    x: Floats


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

    table: Floats
    input: Floats
    hidden: Floats


@compiled
def forward(
    jobs: Ints,
    scratch: Floats,
    starts: Ints,
    keep: bool,
    shape: Shape,
    tiles: Tiles,
    inputs: Inputs,
    weights: Weights,
    history: Floats,
    y: Floats,
    last: Floats,
    last_cells: Floats,
) -> None:
    """Run tiles of one or two directions forward.

    Parameters
    ----------
    jobs : int64 array
        Numbers ``direction * tiles + tile``.
    scratch, starts : arrays
        Memory of this thread: rows of the largest tile × (2 hidden + inputs) numbers and rows
        integers.
    keep : bool
        Whether ``history`` is for all residues, or for one step of this thread.
    shape, tiles, inputs, weights
        See there.
    history : [directions, residues, kept] or [rows, kept], flat, written
    y : [batch, time, directions * units], flat, written
    last, last_cells : [directions, batch, units], flat, written
        States after the last residue; ``last_cells`` of the LSTM only.
    """
    hidden, units, kept = shape.hidden, shape.units, shape.kept
    most = len(starts)
    h = scratch[: most * hidden]
    c = scratch[most * hidden : 2 * most * hidden]
    x = scratch[2 * most * hidden :]
    count = len(tiles.starts) - 1
    out = shape.directions * units
    table = weights.table.size // shape.directions
    panels = weights.hidden.size // shape.directions
    coded = shape.symbols > 0
    for job in jobs:
        direction, tile = job // count, job % count
        first = tiles.starts[tile]
        rows = tiles.starts[tile + 1] - first
        here = direction * tiles.rows[count] + tiles.rows[tile] if keep else 0
        clear(h, 0, rows * hidden)
        clear(c, 0, rows * hidden)
        for t in range(tiles.lengths[first]):
            while tiles.lengths[first + rows - 1] <= t:
                rows -= 1
            at = here * kept
            for row in range(rows):
                starts[row] = direction * table
                if coded:
                    residue = residue_of(shape, tiles, direction, first + row, t)
                    starts[row] += inputs.codes[residue] * shape.sums
            begin, candidate = weights.table, 3 * hidden
            if not coded:
                _input_sums(
                    shape, tiles, inputs, weights, direction, first, rows, t, x, starts, history, at
                )
                begin = history
            # at t = 0 the state is zero: only what the sums begin with is copied
            add_product(
                begin, starts, 0, h, 0, hidden, 1,
                weights.hidden, direction * panels, width_of(h), hidden * width_of(h),
                history, at, kept, rows, shape.fed_by_hidden, hidden if t > 0 else 0,
            )  # fmt: skip
            forward_gates(
                shape.cell, history, at, kept, begin, starts, candidate, h, c, rows, hidden
            )
            for row in range(rows):
                residue = residue_of(shape, tiles, direction, first + row, t)
                copy(y, residue * out + direction * units, h, row * hidden, units)
                if t == tiles.lengths[first + row] - 1:
                    place = (direction * shape.batch + tiles.order[first + row]) * units
                    copy(last, place, h, row * hidden, units)
                    if last_cells.size:
                        copy(last_cells, place, c, row * hidden, units)
            if keep:
                here += rows
        for row in range(tiles.starts[tile + 1] - first):
            for t in range(tiles.lengths[first + row], shape.time):
                place = (tiles.order[first + row] * shape.time + t) * out + direction * units
                clear(y, place, units)


@compiled
def _input_sums(
    shape: Shape, tiles: Tiles, inputs: Inputs, weights: Weights,
    direction: int, first: int, rows: int, t: int,
    x: Floats, starts: Ints, history: Floats, at: int,
) -> None:  # fmt: skip
    """Write what x and the biases add to the sums of a step; let ``starts`` point there."""
    gather(shape, tiles, inputs.x, direction, first, rows, t, x, 0)
    add_product(
        weights.table, starts, shape.input_from, x, 0, shape.inputs, 1,
        weights.input, direction * (weights.input.size // shape.directions),
        width_of(x), shape.inputs * width_of(x),
        history, at + shape.input_from, shape.kept, rows, shape.fed_by_input, shape.inputs,
    )  # fmt: skip
    for row in range(rows):
        copy(history, at + row * shape.kept, weights.table, starts[row], shape.input_from)
        starts[row] = at + row * shape.kept


@compiled
def residue_of(shape: Shape, tiles: Tiles, direction: int, sequence: int, t: int) -> int:
    """Which of batch × time residues a sequence reads at a step."""
    place = t if direction == 0 else tiles.lengths[sequence] - 1 - t
    return tiles.order[sequence] * shape.time + place


@compiled
def gather(
    shape: Shape, tiles: Tiles, source: Floats, direction: int, first: int, rows: int, t: int,
    x: Floats, x0: int,
) -> None:  # fmt: skip
    """Copy the input vectors of a step together."""
    for row in range(rows):
        at = residue_of(shape, tiles, direction, first + row, t) * shape.inputs
        copy(x, x0 + row * shape.inputs, source, at, shape.inputs)
