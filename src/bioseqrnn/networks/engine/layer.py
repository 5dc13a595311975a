"""A recurrent layer as an autograd function: tensors in, tensors and gradients out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from bioseqrnn.networks.cells import CELLS
from bioseqrnn.networks.engine.backward import Chunk, Gradients, backward
from bioseqrnn.networks.engine.buffers import POOL, take_padded
from bioseqrnn.networks.engine.forward import Shape, Tiles, forward
from bioseqrnn.networks.engine.plan import GROUPS, cut, run, share
from bioseqrnn.networks.engine.weights import (
    gradients_of_parameters,
    shape_of,
    weights_back,
    weights_of,
)
from bioseqrnn.support.arrays import Ints, Numbers

# memory of the rows whose gradients are collected for one product: half of a usual L2 cache
CHUNK_BYTES = 2**19


def run_layer(
    cell: str,
    x: Tensor,
    lengths: Ints,
    parameters: list[list[Tensor]],
) -> tuple[Tensor, Tensor, Tensor]:
    """Run one layer, in one or two directions, from zero states.

    Parameters
    ----------
    cell : str
        Name in ``networks.cells.CELLS``.
    x : float Tensor [batch, time, inputs]
    lengths : int64 array [batch]
        1 to time.
    parameters : a list for each direction
        weight_ih, weight_hh, bias_ih, bias_hh, as in ``torch.nn``.

    Returns
    -------
    y : Tensor [batch, time, directions * hidden]
        Zero past a sequence's end.
    last, last_cells : Tensor [directions, batch, hidden]
        States after each sequence's last residue; ``last_cells`` is empty unless the cell has two
        states.
    """
    flat = [tensor for direction in parameters for tensor in direction]
    keep = torch.is_grad_enabled() and any(t.requires_grad for t in (x, *flat))
    apply: Callable[..., tuple[Tensor, Tensor, Tensor]] = _Layer.apply
    return apply(cell, lengths, len(parameters), keep, x, *flat)


class _Layer(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        cell: str,
        lengths: Ints,
        directions: int,
        keep: bool,
        x: Tensor,
        *flat: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        parameters = _by_direction(flat, directions)
        x = x.contiguous()
        shape = shape_of(cell, x, parameters)
        tiles = cut(lengths)
        dtype = parameters[0][0].dtype
        numbers = x.detach().view(-1).numpy()
        weights = weights_of(shape, CELLS[cell].columns, parameters)
        residues = directions * int(tiles.rows[-1])
        most = int(np.diff(tiles.starts).max())
        history = POOL.take(residues * shape.kept if keep else 0, dtype)
        sizes = (shape.batch, shape.time, directions * shape.units)
        y, clean = take_padded(sizes, int(tiles.rows[-1]), dtype)
        last = POOL.take(directions * shape.batch * shape.units, dtype)
        last_cells = POOL.take(last.size if CELLS[cell].states == 2 else 0, dtype)
        tasks = [
            partial(
                forward, jobs, POOL.take(most * (2 * shape.hidden + shape.inputs), dtype),
                np.empty(most, np.int64), keep, clean, shape, tiles, numbers, weights,
                history if keep else POOL.take(most * shape.kept, dtype), y, last, last_cells,
            )
            for jobs in share(np.tile(np.diff(tiles.rows), directions), torch.get_num_threads())
        ]  # fmt: skip
        run(tasks)
        # absent gradients stay None instead of becoming zeros
        ctx.set_materialize_grads(False)
        if keep:
            ctx.columns, ctx.shape, ctx.tiles = CELLS[cell].columns, shape, tiles
            # history is saved as a tensor: its memory returns to the pool when backward has ended
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
        directions = shape.directions
        parameters = _by_direction(flat, directions)
        dtype = parameters[0][0].dtype
        wants_x = ctx.needs_input_grad[4]
        groups = min(GROUPS, len(tiles.starts) - 1)
        dx = np.empty(0, dtype)
        if wants_x:
            real = directions * int(tiles.rows[-1])
            dx, clean = take_padded((directions, *x.shape), real, dtype)
            if not clean:
                _clear_padding(dx, shape, tiles)
        sizes = (
            shape.hidden * shape.fed_by_hidden,
            shape.inputs * shape.fed_by_input,
            shape.sums,
        )
        parts = [POOL.take(directions * groups * size, dtype) for size in sizes]
        for part in parts:
            part.fill(0)
        none = np.empty(0, dtype)
        outer = (
            none if t is None else t.contiguous().view(-1).numpy() for t in (dy, dlast, dcells)
        )
        gradients = Gradients(*(*outer, dx, *parts))
        back = weights_back(shape, ctx.columns, parameters, wants_x)
        residues = np.diff(tiles.rows)
        work = np.tile([residues[group::groups].sum() for group in range(groups)], directions)
        most = int(np.diff(tiles.starts).max())
        tasks = [
            partial(
                backward, jobs, groups,
                POOL.take(most * (2 * shape.hidden + shape.padded_inputs), dtype),
                _chunk(shape, most, dtype), shape, tiles, x.detach().view(-1).numpy(), *back,
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
            given_x,
            *gradients_of_parameters(shape, ctx.columns, groups, gradients),
        )


def _by_direction(flat: Sequence[Tensor], directions: int) -> list[list[Numbers]]:
    """The parameters as arrays, one list for each direction."""
    given = [tensor.detach().numpy() for tensor in flat]
    each = len(given) // directions
    return [given[d * each : (d + 1) * each] for d in range(directions)]


def _chunk(shape: Shape, most: int, dtype: np.dtype[Any]) -> Chunk:
    widths = (shape.sums, shape.hidden, shape.inputs)
    capacity = max(most, CHUNK_BYTES // dtype.itemsize // sum(widths))
    return Chunk(*(POOL.take(capacity * width, dtype) for width in widths))


def _clear_padding(dx: Numbers, shape: Shape, tiles: Tiles) -> None:
    """Set the gradient of padding to zero."""
    if int(tiles.lengths[-1]) == shape.time:
        return
    view = dx.reshape(shape.directions, shape.batch, shape.time, shape.inputs)
    for sequence, length in zip(tiles.order, tiles.lengths, strict=True):
        view[:, sequence, length:] = 0
