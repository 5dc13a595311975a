"""A recurrent layer as PyTorch sees it: tensors in, tensors and gradients out."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from bioseqrnn.networks.engine.backward import Chunk, Gradients, backward
from bioseqrnn.networks.engine.buffers import POOL, take_padded
from bioseqrnn.networks.engine.cells import COLUMNS, GRU, LSTM, RELU, TANH
from bioseqrnn.networks.engine.forward import Inputs, Shape, Tiles, Weights, forward
from bioseqrnn.networks.engine.plan import GROUPS, cut, run, share
from bioseqrnn.networks.engine.products import panels
from bioseqrnn.networks.engine.simd import VECTOR_BYTES
from bioseqrnn.support.arrays import Ints, Numbers

CELLS = {"RNN_TANH": TANH, "RNN_RELU": RELU, "GRU": GRU, "LSTM": LSTM}
# rows whose gradients are gathered for one product, in numbers: half of a usual second-level cache
CHUNK_BYTES = 2**19


def run_layer(
    mode: str,
    x: Tensor,
    lengths: Ints,
    symbols: Tensor | None,
    parameters: list[list[Tensor]],
) -> tuple[Tensor, Tensor, Tensor]:
    """Run one layer, in one or two directions, from zero states.

    Parameters
    ----------
    mode : {"RNN_TANH", "RNN_RELU", "GRU", "LSTM"}
    x : Tensor
        Float [batch, time, inputs], or int64 codes [batch, time] of ``symbols``.
    lengths : int64 array [batch]
        1 to time.
    symbols : Tensor [symbols, inputs], optional
        Given with codes only; a constant.
    parameters : a list a direction
        weight_ih, weight_hh and, where there are biases, bias_ih, bias_hh, as in ``torch.nn``.

    Returns
    -------
    y : Tensor [batch, time, directions * hidden]
        Zero past a sequence's end.
    last, last_cells : Tensor [directions, batch, hidden]
        States after each sequence's last residue; ``last_cells`` is empty but for the LSTM.

    Raises
    ------
    IndexError
        A code that is no row of ``symbols``.
    """
    if symbols is not None and (int(x.min()) < 0 or int(x.max()) >= len(symbols)):
        raise IndexError(f"symbol codes must be 0 to {len(symbols) - 1}")
    flat = [tensor for direction in parameters for tensor in direction]
    keep = torch.is_grad_enabled() and any(t.requires_grad for t in (x, *flat))
    apply: Callable[..., tuple[Tensor, Tensor, Tensor]] = _Layer.apply
    return apply(mode, lengths, symbols, len(parameters), keep, x, *flat)


class _Layer(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        mode: str,
        lengths: Ints,
        symbols: Tensor | None,
        directions: int,
        keep: bool,
        x: Tensor,
        *flat: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        given = [tensor.detach().numpy() for tensor in flat]
        each = len(given) // directions
        parameters = [given[d * each : (d + 1) * each] for d in range(directions)]
        x = x.contiguous()
        shape = _shape(mode, x, symbols, parameters)
        tiles = cut(lengths)
        dtype = parameters[0][0].dtype
        inputs = _inputs(x, symbols, dtype)
        weights = _weights(shape, symbols, parameters)
        residues = directions * int(tiles.rows[-1])
        most = int(np.diff(tiles.starts).max())
        history = POOL.take(residues * shape.kept if keep else 0, dtype)
        sizes = (shape.batch, shape.time, directions * shape.units)
        y, clean = take_padded(sizes, int(tiles.rows[-1]), dtype)
        last = POOL.take(directions * shape.batch * shape.units, dtype)
        last_cells = POOL.take(last.size if shape.cell == LSTM else 0, dtype)
        tasks = [
            partial(
                forward, jobs, POOL.take(most * (2 * shape.hidden + shape.inputs), dtype),
                np.empty(most, np.int64), keep, clean, shape, tiles, inputs, weights,
                history if keep else POOL.take(most * shape.kept, dtype), y, last, last_cells,
            )
            for jobs in share(np.tile(np.diff(tiles.rows), directions), torch.get_num_threads())
        ]  # fmt: skip
        run(tasks)
        # no zeros in the place of gradients that there are not
        ctx.set_materialize_grads(False)
        if keep:
            ctx.symbols, ctx.shape, ctx.tiles = symbols, shape, tiles
            # as a tensor, whose memory goes back to the pool once backward is through
            ctx.save_for_backward(x, *flat, torch.from_numpy(history))
        states = (directions, shape.batch, shape.units)
        return (
            torch.from_numpy(y.reshape(sizes)),
            torch.from_numpy(last.reshape(states)),
            torch.from_numpy(last_cells.reshape(states) if last_cells.size else last_cells),
        )

    @staticmethod
    @once_differentiable
    def backward(
        ctx: Any, dy: Tensor | None, dlast: Tensor | None, dcells: Tensor | None
    ) -> tuple[Any, ...]:
        x, *flat, history = ctx.saved_tensors
        shape: Shape = ctx.shape
        tiles: Tiles = ctx.tiles
        directions, each = shape.directions, len(flat) // shape.directions
        given = [tensor.detach().numpy() for tensor in flat]
        parameters = [given[d * each : (d + 1) * each] for d in range(directions)]
        dtype = parameters[0][0].dtype
        wants_x = ctx.needs_input_grad[5]
        groups = min(GROUPS, len(tiles.starts) - 1)
        dx = np.empty(0, dtype)
        if wants_x:
            real = directions * int(tiles.rows[-1])
            dx, clean = take_padded((directions, *x.shape), real, dtype)
            if not clean:
                _clear_padding(dx, shape, tiles)
        rows = shape.symbols or shape.inputs
        sizes = (shape.hidden * shape.fed_by_hidden, rows * shape.fed_by_input, shape.sums)
        parts = [POOL.take(directions * groups * size, dtype) for size in sizes]
        for part in parts:
            part.fill(0)
        none = np.empty(0, dtype)
        outer = (
            none if t is None else t.contiguous().view(-1).numpy() for t in (dy, dlast, dcells)
        )
        gradients = Gradients(*(*outer, dx, *parts))
        back = _weights_back(shape, parameters, wants_x)
        residues = np.diff(tiles.rows)
        work = np.tile([residues[group::groups].sum() for group in range(groups)], directions)
        most = int(np.diff(tiles.starts).max())
        tasks = [
            partial(
                backward, jobs, groups,
                POOL.take(most * (2 * shape.hidden + shape.padded_inputs), dtype),
                np.empty(max(most, shape.hidden, shape.inputs), np.int64),
                _chunk(shape, most, dtype), shape, tiles, _inputs(x, ctx.symbols, dtype), *back,
                history.numpy(), gradients,
            )
            for jobs in share(work, torch.get_num_threads())
        ]  # fmt: skip
        run(tasks)
        given_x = None
        if wants_x:
            given_x = torch.from_numpy(dx).view(directions, *x.shape)
            given_x = given_x[0] + given_x[1] if directions == 2 else given_x[0]
        return (
            None,
            None,
            None,
            None,
            None,
            given_x,
            *_weight_gradients(shape, groups, ctx.symbols, gradients, each),
        )


def _shape(mode: str, x: Tensor, symbols: Tensor | None, parameters: list[list[Numbers]]) -> Shape:
    cell = CELLS[mode]
    columns = COLUMNS[cell]
    weight = parameters[0][1]
    units = weight.shape[1]
    lanes = VECTOR_BYTES // weight.itemsize
    hidden = -(-units // lanes) * lanes
    inputs = parameters[0][0].shape[1]
    return Shape(
        cell=cell,
        units=units,
        hidden=hidden,
        inputs=inputs if symbols is None else 0,
        padded_inputs=-(-inputs // lanes) * lanes if symbols is None else 0,
        symbols=0 if symbols is None else len(symbols),
        directions=len(parameters),
        batch=x.shape[0],
        time=x.shape[1],
        kept=columns.kept * hidden,
        sums=columns.sums * hidden,
        fed_by_hidden=columns.hidden * hidden,
        fed_by_input=columns.input * hidden,
        input_from=columns.input_from * hidden,
    )


def _inputs(x: Tensor, symbols: Tensor | None, dtype: np.dtype[Any]) -> Inputs:
    if symbols is None:
        return Inputs(np.empty(0, np.int64), x.detach().view(-1).numpy())
    return Inputs(x.view(-1).numpy(), np.empty(0, dtype))


def _chunk(shape: Shape, most: int, dtype: np.dtype[Any]) -> Chunk:
    widths = (shape.sums, shape.hidden, shape.inputs)
    capacity = max(most, CHUNK_BYTES // dtype.itemsize // sum(widths))
    return Chunk(*(POOL.take(capacity * width, dtype) for width in widths))


def _hidden_matrix(shape: Shape, weight: Numbers) -> Numbers:
    """W_hh as [units, fed_by_hidden]: gates in the engine's order, filled up with zeros."""
    order = COLUMNS[shape.cell].order
    gates = weight.reshape(-1, shape.units, shape.units)
    out = np.zeros((shape.units, len(order), shape.hidden), weight.dtype)
    for place, gate in enumerate(order):
        out[:, place, : shape.units] = gates[gate].T
    return out.reshape(shape.units, -1)


def _input_matrix(shape: Shape, weight: Numbers) -> Numbers:
    """Rows of gates [rows, gates * units] as [rows, fed_by_input], filled up with zeros."""
    gates = shape.fed_by_input // shape.hidden
    out = np.zeros((len(weight), gates, shape.hidden), weight.dtype)
    out[:, :, : shape.units] = weight.reshape(len(weight), gates, shape.units)
    return out.reshape(len(weight), -1)


def _weights(shape: Shape, symbols: Tensor | None, parameters: list[list[Numbers]]) -> Weights:
    tables, inputs, hiddens = [], [], []
    for weight_ih, weight_hh, *biases in parameters:
        bias = np.zeros(len(weight_ih), weight_ih.dtype)
        reset = np.zeros(shape.input_from, weight_ih.dtype)
        if biases:
            bias += biases[0]
            if shape.cell == GRU:
                bias[: 2 * shape.units] += biases[1][: 2 * shape.units]
                reset[: shape.units] = biases[1][2 * shape.units :]
            else:
                bias += biases[1]
        if symbols is None:
            begin = bias[None]
            inputs.append(panels(_input_matrix(shape, np.ascontiguousarray(weight_ih.T))))
        else:
            begin = symbols.numpy() @ weight_ih.T + bias
        table = np.empty((len(begin), shape.sums), weight_ih.dtype)
        table[:, : shape.input_from] = reset
        table[:, shape.input_from :] = _input_matrix(shape, begin)
        tables.append(table)
        hiddens.append(panels(_hidden_matrix(shape, weight_hh)))
    empty = np.empty(0, parameters[0][0].dtype)
    return Weights(
        np.concatenate(tables, axis=None),
        np.concatenate(inputs) if inputs else empty,
        np.concatenate(hiddens),
    )


def _weights_back(
    shape: Shape, parameters: list[list[Numbers]], wants_x: bool
) -> tuple[Numbers, Numbers]:
    hiddens, inputs = [], []
    for weight_ih, weight_hh, *_ in parameters:
        hiddens.append(_panels_back(_hidden_matrix(shape, weight_hh), shape.hidden))
        if wants_x:
            matrix = _input_matrix(shape, np.ascontiguousarray(weight_ih.T))
            inputs.append(_panels_back(matrix, shape.padded_inputs))
    empty = np.empty(0, parameters[0][0].dtype)
    return np.concatenate(hiddens), np.concatenate(inputs) if inputs else empty


def _panels_back(matrix: Numbers, columns: int) -> Numbers:
    """Panels of the transpose, filled up to ``columns``."""
    rows, depth = matrix.shape
    filled = np.zeros((depth, columns), matrix.dtype)
    filled[:, :rows] = matrix.T
    return panels(filled)


def _clear_padding(dx: Numbers, shape: Shape, tiles: Tiles) -> None:
    """Padding has no gradient."""
    if int(tiles.lengths[-1]) == shape.time:
        return
    view = dx.reshape(shape.directions, shape.batch, shape.time, shape.inputs)
    for sequence, length in zip(tiles.order, tiles.lengths, strict=True):
        view[:, sequence, length:] = 0


def _weight_gradients(
    shape: Shape,
    groups: int,
    symbols: Tensor | None,
    gradients: Gradients,
    each: int,
) -> list[Tensor]:
    """Add up the parts, always in the same order, and give them the layout of ``torch.nn``."""
    units, columns, directions = shape.units, COLUMNS[shape.cell], shape.directions

    def total(part: Numbers, rows: int) -> Numbers:
        summed: Numbers = part.reshape(directions, groups, rows, -1).sum(axis=1)
        return summed

    hiddens = total(gradients.hidden, shape.hidden)
    inputs = total(gradients.input, shape.symbols or shape.inputs)
    biases = total(gradients.bias, 1)
    out: list[Tensor] = []
    for d in range(directions):
        gates = hiddens[d].reshape(shape.hidden, columns.hidden, shape.hidden)
        weight_hh = np.empty((columns.hidden, units, units), gates.dtype)
        for place, gate in enumerate(columns.order):
            weight_hh[gate] = gates[:units, place, :units].T
        of_input = inputs[d].reshape(-1, columns.input, shape.hidden)[:, :, :units]
        of_input = of_input.reshape(len(of_input), -1).T
        if symbols is not None:
            of_input = of_input @ symbols.numpy()
        bias = biases[d].reshape(columns.sums, shape.hidden)[:, :units]
        bias_ih = bias[columns.input_from :].reshape(-1)
        bias_hh = bias[list(np.argsort(columns.order))].reshape(-1)
        arrays = [of_input, weight_hh.reshape(-1, units), bias_ih, bias_hh][:each]
        out += [torch.from_numpy(np.ascontiguousarray(array)) for array in arrays]
    return out
