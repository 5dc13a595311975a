"""Forward pass of many versions of one sequence, each of which differs from it in a few steps.

The states before the first changed step are those of the sequence itself, and after the last
changed step its input is: the states are read again, and the products of the input with the weights
are those of the sequence. Only the steps between are computed from the input of the version. The
sums are added in the same order as in ``forward``, so the outputs are the same numbers.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from bioseqrnn.networks.cells import CELLS
from bioseqrnn.networks.engine.buffers import POOL
from bioseqrnn.networks.engine.forward import Shape, Weights
from bioseqrnn.networks.engine.gates import forward_gates
from bioseqrnn.networks.engine.plan import TILE, run, share
from bioseqrnn.networks.engine.products import add_product, width_of
from bioseqrnn.networks.engine.rows import clear, copy, copy_rows
from bioseqrnn.networks.engine.simd import lanes, load, store, where_greater
from bioseqrnn.networks.engine.weights import shape_of, weights_of
from bioseqrnn.support.arrays import Ints, Numbers
from bioseqrnn.support.compiled import compiled


class Trace(NamedTuple):
    """What is kept of every step of the sequence: [directions, time, hidden], flat.

    Attributes
    ----------
    states, cells
        States after the step; ``cells`` are zero unless the cell has two states.
    largest, total
        The largest output, and the sum of the outputs, of this step and all before it.
    """

    states: Numbers
    cells: Numbers
    largest: Numbers
    total: Numbers


class Sequence(NamedTuple):
    """The sequence that the versions are made from.

    Attributes
    ----------
    sums : [directions, time, sums], flat
        Biases and products of the input with the weights.
    outputs : [time, directions * units], flat
    trace : Trace
    """

    sums: Numbers
    outputs: Numbers
    trace: Trace


class Versions(NamedTuple):
    """Versions of the sequence; both ends of the changed steps ascend.

    Attributes
    ----------
    x : [versions, steps, inputs], flat
        Input in the changed steps.
    steps : int
    first, end : int64 [versions]
        The first changed step, and the one after the last: at most ``steps`` more.
    """

    x: Numbers
    steps: int
    first: Ints
    end: Ints


class Results(NamedTuple):
    """What is computed of the versions, flat; empty arrays are not written.

    Attributes
    ----------
    y : [versions, time, directions * units]
        Outputs.
    last, largest, mean : [versions, directions * units]
        State after the last step of each direction; largest and mean output.
    trace : Trace
        Of the only version.
    """

    y: Numbers
    last: Numbers
    largest: Numbers
    mean: Numbers
    trace: Trace


class Resumable:
    """A layer and a sequence, of which versions can be computed.

    Parameters
    ----------
    cell : str
        Name in ``networks.cells.CELLS``.
    x : float Tensor [time, inputs]
        Input of the sequence.
    parameters : a list for each direction
        weight_ih, weight_hh, bias_ih, bias_hh, as in ``torch.nn``.

    ``last`` is a Tensor [directions * units]: the states after the last step of each direction.
    """

    def __init__(self, cell: str, x: Tensor, parameters: list[list[Tensor]]) -> None:
        flat = [[tensor.detach().numpy() for tensor in each] for each in parameters]
        self._time = len(x)
        self._shape = shape_of(cell, x[None], flat)
        self._weights = weights_of(self._shape, CELLS[cell].columns, flat)
        shape, dtype = self._shape, flat[0][0].dtype
        self._none = np.empty(0, dtype)
        values = x.detach().contiguous().view(-1).numpy()
        sums = np.empty(shape.directions * self._time * shape.sums, dtype)
        _project(shape, values, self._weights, sums)
        trace = Trace(*np.zeros((4, shape.directions * self._time * shape.hidden), dtype))
        # the sequence as a version of itself in which every step has changed
        whole = Versions(values, self._time, np.zeros(1, np.int64), np.array([self._time]))
        self._sequence = Sequence(sums, self._none, trace)
        out = shape.directions * shape.units
        y, last = np.empty(self._time * out, dtype), np.empty(out, dtype)
        self._run(whole, Results(y, last, self._none, self._none, trace))
        self._sequence = Sequence(sums, y, trace)
        self.last = torch.from_numpy(last)

    def outputs(self, x: Tensor, first: Ints, end: Ints) -> tuple[Tensor, Tensor]:
        """Run the layer over versions of the sequence.

        Parameters
        ----------
        x : float Tensor [versions, steps, inputs]
            Input in the changed steps.
        first, end : int64 [versions]
            The first changed step, and the one after the last; both ascend.

        Returns
        -------
        y : Tensor [versions, time, directions * units]
        last : Tensor [versions, directions * units]
            States after the last step of each direction.
        """
        out = self._shape.directions * self._shape.units
        y = POOL.take(len(x) * self._time * out, self._none.dtype)
        last = np.empty(len(x) * out, self._none.dtype)
        none, trace = self._none, self._traceless
        self._run(self._versions(x, first, end), Results(y, last, none, none, trace))
        return torch.from_numpy(y.reshape(len(x), self._time, out)), _rows(last, out)

    def summaries(self, x: Tensor, first: Ints, end: Ints) -> tuple[Tensor, Tensor, Tensor]:
        """Return summaries of the outputs of versions; the outputs themselves are not stored.

        Parameters are those of ``outputs``.

        Returns
        -------
        last, largest, mean : Tensor [versions, directions * units]
            States after the last step of each direction; largest and mean output over the steps.
        """
        out = self._shape.directions * self._shape.units
        last, largest, mean = np.empty((3, len(x) * out), self._none.dtype)
        results = Results(self._none, last, largest, mean, self._traceless)
        self._run(self._versions(x, first, end), results)
        return _rows(last, out), _rows(largest, out), _rows(mean, out)

    @property
    def _traceless(self) -> Trace:
        return Trace(*[self._none] * 4)

    def _versions(self, x: Tensor, first: Ints, end: Ints) -> Versions:
        values = x.detach().contiguous().view(-1).numpy()
        return Versions(values, x.shape[1], np.ascontiguousarray(first), np.ascontiguousarray(end))

    def _run(self, versions: Versions, results: Results) -> None:
        shape, time, count = self._shape, self._time, len(versions.first)
        dtype = self._none.dtype
        starts = np.append(np.arange(0, count, TILE), count)
        # a direction runs from the change to the end of the sequence
        first, end = versions.first[starts[:-1]], versions.end[starts[1:] - 1]
        work = np.concatenate([time - first, end][: shape.directions])
        most = int(np.diff(starts).max())
        tasks = [
            partial(
                resume, jobs, POOL.take(most * (4 * shape.hidden + shape.inputs), dtype),
                POOL.take(most * shape.kept, dtype), starts, time, shape, self._weights,
                self._sequence, versions, results,
            )
            for jobs in share(work, torch.get_num_threads())
        ]  # fmt: skip
        run(tasks)


def _rows(flat: Numbers, width: int) -> Tensor:
    return torch.from_numpy(flat.reshape(-1, width))


@compiled
def _project(shape: Shape, x: Numbers, weights: Weights, sums: Numbers) -> None:
    """Write the biases and the products of the input with the weights, for all steps."""
    bias, w_input, _ = weights
    for direction in range(shape.directions):
        for t in range(shape.time):
            at = (direction * shape.time + t) * shape.sums
            copy(sums, at, bias, direction * shape.sums, shape.input_from)
        at = direction * shape.time * shape.sums + shape.input_from
        add_product(
            bias, direction * shape.sums + shape.input_from, 0, x, 0, shape.inputs, 1,
            w_input, direction * (w_input.size // shape.directions),
            width_of(x), shape.inputs * width_of(x),
            sums, at, shape.sums, shape.time, shape.fed_by_input, shape.inputs,
        )  # fmt: skip


@compiled
def resume(
    jobs: Ints,
    scratch: Numbers,
    history: Numbers,
    starts: Ints,
    time: int,
    shape: Shape,
    weights: Weights,
    sequence: Sequence,
    versions: Versions,
    results: Results,
) -> None:
    """Run tiles of versions in one or two directions.

    In a tile, the version whose change is read first comes first. The versions that have begun at a
    step are therefore the first rows, and those of them whose change has passed are the first of
    these.

    Parameters
    ----------
    jobs : int64 array
        Numbers ``direction * tiles + tile``.
    scratch : (rows of the largest tile) × (4 hidden + inputs) numbers
        Memory of this thread.
    history : [rows, kept], flat
        Memory of this thread.
    starts : int64 [tiles + 1]
        First version of each tile.
    """
    hidden, units, kept, width = shape.hidden, shape.units, shape.kept, shape.inputs
    bias, w_input, w_hidden = weights
    sums, outputs, trace = sequence
    x, steps, begins, ends = versions
    y, last, largest, mean, own = results
    count, out = len(starts) - 1, shape.directions * units
    most = scratch.size // (4 * hidden + width)
    h = scratch[: most * hidden]
    c = scratch[most * hidden : 2 * most * hidden]
    best = scratch[2 * most * hidden : 3 * most * hidden]
    total = scratch[3 * most * hidden : 4 * most * hidden]
    read_x = scratch[4 * most * hidden :]
    into = shape.input_from
    summed = largest.size > 0 or own.total.size > 0
    for job in jobs:
        d, tile = job // count, job % count
        # row r of the tile is the version top + r * way
        size = starts[tile + 1] - starts[tile]
        top, way = (starts[tile], 1) if d == 0 else (starts[tile + 1] - 1, -1)
        rows = passed = 0
        for u in range(time):
            t = u if d == 0 else time - 1 - u
            while rows < size:
                v = top + rows * way
                if u < (begins[v] if d == 0 else time - ends[v]):
                    break
                if u == 0:
                    clear(h, rows * hidden, hidden)
                    clear(c, rows * hidden, hidden)
                    clear(total, rows * hidden, hidden)
                    for j in range(hidden):
                        best[rows * hidden + j] = -np.inf
                else:
                    before = (d * time + (t - 1 if d == 0 else t + 1)) * hidden
                    copy(h, rows * hidden, trace.states, before, hidden)
                    copy(c, rows * hidden, trace.cells, before, hidden)
                    copy(best, rows * hidden, trace.largest, before, hidden)
                    copy(total, rows * hidden, trace.total, before, hidden)
                    for s in range(u if y.size else 0):
                        at = (s if d == 0 else time - 1 - s) * out + d * units
                        copy(y, v * time * out + at, outputs, at, units)
                rows += 1
            while passed < rows:
                v = top + passed * way
                if u < (ends[v] if d == 0 else time - begins[v]):
                    break
                passed += 1
            if rows == 0:
                continue
            changed, here = rows - passed, (d * time + t) * shape.sums
            for row in range(passed, rows):
                v = top + row * way
                copy(read_x, row * width, x, (v * steps + t - begins[v]) * width, width)
            copy_rows(history, 0, kept, sums, here, 0, passed, shape.sums)
            copy_rows(history, passed * kept, kept, bias, d * shape.sums, 0, changed, into)
            add_product(
                bias, d * shape.sums + into, 0, read_x, passed * width, width, 1,
                w_input, d * (w_input.size // shape.directions),
                width_of(x), width * width_of(x),
                history, passed * kept + into, kept, changed, shape.fed_by_input, width,
            )  # fmt: skip
            if u > 0:
                add_product(
                    history, 0, kept, h, 0, hidden, 1,
                    w_hidden, d * (w_hidden.size // shape.directions),
                    width_of(h), units * width_of(h),
                    history, 0, kept, rows, shape.fed_by_hidden, units,
                )  # fmt: skip
            forward_gates(shape.cell, history, 0, kept, h, c, rows, hidden)
            for row in range(rows if y.size else 0):
                v = top + row * way
                copy(y, (v * time + t) * out + d * units, h, row * hidden, units)
            if summed:
                _add(best, total, h, rows * hidden)
            if own.states.size:
                at = (d * time + t) * hidden
                copy(own.states, at, h, 0, hidden)
                copy(own.cells, at, c, 0, hidden)
                copy(own.largest, at, best, 0, hidden)
                copy(own.total, at, total, 0, hidden)
        for row in range(rows):
            at = (top + row * way) * out + d * units
            copy(last, at, h, row * hidden, units)
            if largest.size:
                copy(largest, at, best, row * hidden, units)
                for j in range(units):
                    mean[at + j] = total[row * hidden + j] / time


@compiled
def _add(best: Numbers, total: Numbers, h: Numbers, count: int) -> None:
    """Add outputs to sums, and to the largest outputs; NaN stays NaN."""
    for j in range(0, count, lanes(h)):
        value, most = load(h, j), load(best, j)
        store(best, j, where_greater(value, most, value, most))
        store(total, j, load(total, j) + value)
