"""Backward pass of one layer: from the last step of a tile to the first.

The gradients of the sums are collected for a chunk of steps that stays in cache. They are then
multiplied with the states and inputs of the same steps: one product per chunk adds to the gradients
of the weights.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from bioseqrnn.networks.engine.forward import Shape, Tiles, read
from bioseqrnn.networks.engine.gates import backward_gates
from bioseqrnn.networks.engine.products import add_product, width_of
from bioseqrnn.networks.engine.rows import (
    add_columns,
    clear,
    copy,
    copy_rows,
    gather,
    gather_add,
    scatter,
)
from bioseqrnn.support.arrays import Ints, Numbers
from bioseqrnn.support.compiled import compiled


class Gradients(NamedTuple):
    """Gradients of the outputs (given), of the input (written) and of the weights (one per job).

    Attributes
    ----------
    y : [batch, time, directions * units], flat
    last, last_cells : [directions, batch, units], flat
        Each is empty if it has no gradient.
    x : [directions, batch, time, inputs], flat, written
        Empty if it is not needed.
    hidden : [jobs, hidden, fed_by_hidden], flat, added to
    input : [jobs, inputs, fed_by_input], flat, added to
    bias : [jobs, sums], flat, added to
    """

    y: Numbers
    last: Numbers
    last_cells: Numbers
    x: Numbers
    hidden: Numbers
    input: Numbers
    bias: Numbers


class Chunk(NamedTuple):
    """Arrays collected for one product; filled from the end, flat.

    Attributes
    ----------
    sums : [capacity, sums]
        Gradients.
    h : [capacity, hidden]
        States before the step.
    x : [capacity, inputs]
    """

    sums: Numbers
    h: Numbers
    x: Numbers


@compiled
def backward(
    jobs: Ints,
    groups: int,
    scratch: Numbers,
    chunk: Chunk,
    shape: Shape,
    tiles: Tiles,
    x: Numbers,
    hidden_back: Numbers,
    input_back: Numbers,
    history: Numbers,
    gradients: Gradients,
) -> None:
    """Run groups of tiles backward.

    Parameters
    ----------
    jobs : int64 array
        Numbers ``direction * groups + group``. A job adds the gradients of its tiles (every
        ``groups``-th) one after the other, so that sums do not depend on which thread runs it.
    groups : int
        Groups per direction.
    scratch, chunk
        Memory of this thread: (rows of the largest tile) × (2 hidden + padded inputs) numbers, and
        a chunk of at least the rows of a tile.
    hidden_back, input_back : [directions, panels], flat
        W_hh and W_ih for products with gradients of sums.
    shape, tiles, gradients
        See their classes.
    x : [batch, time, inputs], flat
    history : [directions, residues, kept], flat
    """
    hidden, kept, sums, units = shape.hidden, shape.kept, shape.sums, shape.units
    most = scratch.size // (2 * hidden + shape.padded_inputs)
    dh, dc = scratch[: most * hidden], scratch[most * hidden : 2 * most * hidden]
    dx = scratch[2 * most * hidden :]
    # Arrays are taken out of their tuples once: each access counts a reference, which costs more
    # than the work on one row.
    order, lengths, firsts, before = tiles
    dsums, states, xs = chunk
    dy, dlast, dcells, gx, g_hidden, g_input, g_bias = gradients
    capacity = states.size // hidden
    residues = np.empty(most, np.int64)
    out = shape.directions * units
    count = len(firsts) - 1
    for job in jobs:
        direction = job // groups
        for tile in range(job % groups, count, groups):
            first = firsts[tile]
            size = firsts[tile + 1] - first
            here = direction * before[count] + before[tile + 1]
            rows, used = 0, 0
            for t in range(lengths[first] - 1, -1, -1):
                while rows < size and lengths[first + rows] > t:
                    place = (direction * shape.batch + order[first + rows]) * units
                    _begin(dh, rows * hidden, hidden, dlast, place, units)
                    _begin(dc, rows * hidden, hidden, dcells, place, units)
                    rows += 1
                if used + rows > capacity:
                    at = capacity - used
                    _add_weights(shape, job, g_hidden, g_input, g_bias, dsums, states, xs, at, used)
                    used = 0
                here -= rows
                used += rows
                at = capacity - used
                read(order, lengths, shape.time, direction, first, rows, t, residues)
                if dy.size:
                    gather_add(dh, hidden, dy, residues, out, direction * units, rows, units)
                past = -1
                if t > 0:
                    running = rows
                    while running < size and lengths[first + running] > t - 1:
                        running += 1
                    past = (here - running) * kept
                    copy_rows(
                        states, at * hidden, hidden,
                        history, past + kept - hidden, kept, rows, hidden,
                    )  # fmt: skip
                else:
                    clear(states, at * hidden, rows * hidden)
                backward_gates(
                    shape.cell, history, here * kept, past, kept,
                    dh, dc, dsums, at * sums, sums, rows, hidden,
                )  # fmt: skip
                if t > 0:
                    add_product(
                        dh, 0, hidden, dsums, at * sums, sums, 1,
                        hidden_back, direction * (hidden_back.size // shape.directions),
                        width_of(dh), shape.fed_by_hidden * width_of(dh),
                        dh, 0, hidden, rows, hidden, shape.fed_by_hidden,
                    )  # fmt: skip
                width = shape.inputs
                gather(xs, at * width, width, x, residues, width, rows, width)
                if gx.size:
                    _input_gradients(
                        shape, direction, input_back, dsums, at * sums + shape.input_from,
                        rows, residues, dx, gx,
                    )  # fmt: skip
            at = capacity - used
            _add_weights(shape, job, g_hidden, g_input, g_bias, dsums, states, xs, at, used)


@compiled
def _begin(
    target: Numbers, first: int, hidden: int, source: Numbers, place: int, units: int
) -> None:
    """Start a sequence at its last step: its gradients are those of its last state."""
    clear(target, first, hidden)
    if source.size:
        copy(target, first, source, place, units)


@compiled
def _input_gradients(
    shape: Shape, direction: int, input_back: Numbers, dsums: Numbers, begin: int,
    rows: int, residues: Ints, dx: Numbers, gx: Numbers,
) -> None:  # fmt: skip
    """Write the gradients of a step's x."""
    fed, padded = shape.fed_by_input, shape.padded_inputs
    clear(dx, 0, rows * padded)
    add_product(
        dx, 0, padded, dsums, begin, shape.sums, 1,
        input_back, direction * (input_back.size // shape.directions),
        width_of(dx), fed * width_of(dx),
        dx, 0, padded, rows, padded, fed,
    )  # fmt: skip
    shift = direction * shape.batch * shape.time * shape.inputs
    scatter(gx, residues, shape.inputs, shift, dx, padded, rows, shape.inputs)


@compiled
def _add_weights(
    shape: Shape, job: int, g_hidden: Numbers, g_input: Numbers, g_bias: Numbers,
    dsums: Numbers, states: Numbers, xs: Numbers, at: int, used: int,
) -> None:  # fmt: skip
    """Add a chunk to the gradients of weights and biases, with one product for each matrix."""
    sums, fed, hidden, inputs = shape.sums, shape.fed_by_input, shape.hidden, shape.inputs
    wide = shape.fed_by_hidden
    add_product(
        g_hidden, job * hidden * wide, wide, states, at * hidden, 1, hidden,
        dsums, at * sums, sums, width_of(dsums),
        g_hidden, job * hidden * wide, wide, hidden, wide, used,
    )  # fmt: skip
    add_product(
        g_input, job * inputs * fed, fed, xs, at * inputs, 1, inputs,
        dsums, at * sums + shape.input_from, sums, width_of(dsums),
        g_input, job * inputs * fed, fed, inputs, fed, used,
    )  # fmt: skip
    add_columns(g_bias, job * sums, dsums, at * sums, sums, used)
