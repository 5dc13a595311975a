"""One layer backward: from the last step of a tile to the first.

Gradients of the sums are gathered for a chunk of steps, which stays in cache, and then multiplied
with the states and inputs of the same steps: one product adds them to the gradients of the weights.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from bioseqrnn.compiled import compiled
from bioseqrnn.models.engine.cells import backward_gates
from bioseqrnn.models.engine.forward import Inputs, Shape, Tiles, gather, residue_of
from bioseqrnn.models.engine.products import add_product, width_of
from bioseqrnn.models.engine.rows import add, clear, copy

Floats = npt.NDArray[Any]
Ints = npt.NDArray[np.int64]


class Gradients(NamedTuple):
    """Gradients of the outputs (given), of the input (written) and of weights (a part a job).

    Attributes
    ----------
    y : [batch, time, directions * units], flat
    last, last_cells : [directions, batch, units], flat
        ``last_cells`` is empty but for the LSTM.
    x : [directions, batch, time, inputs], flat, written
        Empty where it is not wanted.
    hidden : [jobs, hidden, fed_by_hidden], flat, added to
    input : [jobs, symbols or inputs, fed_by_input], flat, added to
    bias : [jobs, sums], flat, added to
    """

    y: Floats
    last: Floats
    last_cells: Floats
    x: Floats
    hidden: Floats
    input: Floats
    bias: Floats


class Chunk(NamedTuple):
    """What is gathered for one product; filled from the end, flat.

    Attributes
    ----------
    sums : [capacity, sums]
        Gradients.
    h : [capacity, hidden]
        States before the step.
    x : [capacity, inputs]
    """

    sums: Floats
    h: Floats
    x: Floats


@compiled
def backward(
    jobs: Ints,
    groups: int,
    scratch: Floats,
    starts: Ints,
    chunk: Chunk,
    shape: Shape,
    tiles: Tiles,
    inputs: Inputs,
    hidden_back: Floats,
    input_back: Floats,
    history: Floats,
    gradients: Gradients,
) -> None:
    """Run groups of tiles backward.

    Parameters
    ----------
    jobs : int64 array
        Numbers ``direction * groups + group``. A job adds the gradients of its tiles (every
        ``groups``-th) one after the other, so that sums do not depend on who does which job.
    groups : int
        Groups a direction.
    scratch, starts, chunk
        Memory of this thread: rows of the largest tile × (2 hidden + padded inputs) numbers; as
        many integers as there are rows, units or inputs, whichever is most; and at least the rows
        of a tile.
    hidden_back, input_back : [directions, panels], flat
        W_hh and W_ih for products with gradients of sums.
    shape, tiles, inputs, gradients
        See there.
    history : [directions, residues, kept], flat
    """
    hidden, kept, sums = shape.hidden, shape.kept, shape.sums
    most = scratch.size // (2 * hidden + shape.padded_inputs)
    capacity = chunk.h.size // hidden
    dh, dc = scratch[: most * hidden], scratch[most * hidden : 2 * most * hidden]
    dx = scratch[2 * most * hidden :]
    panels = hidden_back.size // shape.directions
    count = len(tiles.starts) - 1
    for job in jobs:
        direction = job // groups
        for tile in range(job % groups, count, groups):
            first = tiles.starts[tile]
            size = tiles.starts[tile + 1] - first
            here = direction * tiles.rows[count] + tiles.rows[tile + 1]
            rows, joining, used = 0, 0, 0
            for t in range(tiles.lengths[first] - 1, -1, -1):
                while joining < size and tiles.lengths[first + joining] > t:
                    _begin(shape, gradients, tiles, direction, first + joining, joining, dh, dc)
                    joining += 1
                rows = joining
                if used + rows > capacity:
                    _add_weights(shape, gradients, job, chunk, capacity - used, used, starts)
                    used = 0
                here -= rows
                used += rows
                at = capacity - used
                running = rows
                while running < size and tiles.lengths[first + running] > t - 1:
                    running += 1
                before = (here - running) * kept if t > 0 else -1
                for row in range(rows):
                    residue = residue_of(shape, tiles, direction, first + row, t)
                    place = (residue * shape.directions + direction) * shape.units
                    add(dh, row * hidden, gradients.y, place, shape.units)
                    starts[row] = row * hidden
                    if t > 0:
                        state = before + (row + 1) * kept - hidden
                        copy(chunk.h, (at + row) * hidden, history, state, hidden)
                    else:
                        clear(chunk.h, (at + row) * hidden, hidden)
                backward_gates(
                    shape.cell, history, here * kept, before, kept,
                    dh, dc, chunk.sums, at * sums, sums, rows, hidden,
                )  # fmt: skip
                if t > 0:
                    add_product(
                        dh, starts, 0, chunk.sums, at * sums, sums, 1,
                        hidden_back, direction * panels,
                        width_of(dh), shape.fed_by_hidden * width_of(dh),
                        dh, 0, hidden, rows, hidden, shape.fed_by_hidden,
                    )  # fmt: skip
                if shape.symbols > 0:
                    _add_symbols(
                        shape, tiles, inputs, gradients, job, direction, first, rows, t, chunk, at
                    )
                else:
                    _input_gradients(
                        shape, tiles, inputs, input_back, gradients,
                        direction, first, rows, t, chunk, at, starts, dx,
                    )  # fmt: skip
            _add_weights(shape, gradients, job, chunk, capacity - used, used, starts)


@compiled
def _begin(
    shape: Shape, gradients: Gradients, tiles: Tiles, direction: int, sequence: int, row: int,
    dh: Floats, dc: Floats,
) -> None:  # fmt: skip
    """A sequence's last step is where its gradients begin: with those of its last states."""
    place = (direction * shape.batch + tiles.order[sequence]) * shape.units
    clear(dh, row * shape.hidden, shape.hidden)
    clear(dc, row * shape.hidden, shape.hidden)
    copy(dh, row * shape.hidden, gradients.last, place, shape.units)
    if gradients.last_cells.size:
        copy(dc, row * shape.hidden, gradients.last_cells, place, shape.units)


@compiled
def _add_symbols(
    shape: Shape, tiles: Tiles, inputs: Inputs, gradients: Gradients,
    job: int, direction: int, first: int, rows: int, t: int, chunk: Chunk, at: int,
) -> None:  # fmt: skip
    """Add a step's gradients to those of the symbols that were read."""
    fed = shape.fed_by_input
    for row in range(rows):
        code = inputs.codes[residue_of(shape, tiles, direction, first + row, t)]
        entry = (job * shape.symbols + code) * fed
        add(
            gradients.input, entry, chunk.sums, (at + row) * shape.sums + shape.input_from, fed
        )


@compiled
def _input_gradients(
    shape: Shape, tiles: Tiles, inputs: Inputs, input_back: Floats, gradients: Gradients,
    direction: int, first: int, rows: int, t: int,
    chunk: Chunk, at: int, starts: Ints, dx: Floats,
) -> None:  # fmt: skip
    """Gather a step's x, and write its gradients."""
    gather(shape, tiles, inputs.x, direction, first, rows, t, chunk.x, at * shape.inputs)
    if gradients.x.size == 0:
        return
    fed, padded = shape.fed_by_input, shape.padded_inputs
    clear(dx, 0, rows * padded)
    for row in range(rows):
        starts[row] = row * padded
    add_product(
        dx, starts, 0, chunk.sums, at * shape.sums + shape.input_from, shape.sums, 1,
        input_back, direction * (input_back.size // shape.directions),
        width_of(dx), fed * width_of(dx),
        dx, 0, padded, rows, padded, fed,
    )  # fmt: skip
    for row in range(rows):
        residue = residue_of(shape, tiles, direction, first + row, t)
        place = (direction * shape.batch * shape.time + residue) * shape.inputs
        copy(gradients.x, place, dx, row * padded, shape.inputs)


@compiled
def _add_weights(
    shape: Shape, gradients: Gradients, job: int, chunk: Chunk, at: int, used: int, starts: Ints
) -> None:
    """Add a chunk to the gradients of weights and biases: a product each."""
    sums, fed, hidden = shape.sums, shape.fed_by_input, shape.hidden
    wide = shape.fed_by_hidden
    for k in range(hidden):
        starts[k] = (job * hidden + k) * wide
    add_product(
        gradients.hidden, starts, 0, chunk.h, at * hidden, 1, hidden,
        chunk.sums, at * sums, sums, width_of(chunk.sums),
        gradients.hidden, job * hidden * wide, wide, hidden, wide, used,
    )  # fmt: skip
    if shape.inputs > 0:
        for k in range(shape.inputs):
            starts[k] = (job * shape.inputs + k) * fed
        add_product(
            gradients.input, starts, 0, chunk.x, at * shape.inputs, 1, shape.inputs,
            chunk.sums, at * sums + shape.input_from, sums, width_of(chunk.sums),
            gradients.input, job * shape.inputs * fed, fed, shape.inputs, fed, used,
        )  # fmt: skip
    for row in range(used):
        add(gradients.bias, job * sums, chunk.sums, (at + row) * sums, sums)
