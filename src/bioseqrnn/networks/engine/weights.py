"""Weights in the layout of the kernels, and their gradients in the layout of ``torch.nn``."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from bioseqrnn.networks.cells import CELLS
from bioseqrnn.networks.cells.cell import Columns
from bioseqrnn.networks.engine.backward import Gradients
from bioseqrnn.networks.engine.forward import Shape, Weights
from bioseqrnn.networks.engine.products import panels
from bioseqrnn.networks.engine.simd import VECTOR_BYTES
from bioseqrnn.support.arrays import Numbers


def shape_of(cell: str, x: Tensor, parameters: list[list[Numbers]]) -> Shape:
    """Return the sizes of a layer of this cell for a batch ``x`` [batch, time, inputs]."""
    columns = CELLS[cell].columns
    weight = parameters[0][1]
    units, inputs = weight.shape[1], x.shape[2]
    lanes = VECTOR_BYTES // weight.itemsize
    hidden = -(-units // lanes) * lanes
    return Shape(
        cell=list(CELLS).index(cell),
        units=units,
        hidden=hidden,
        inputs=inputs,
        padded_inputs=-(-inputs // lanes) * lanes,
        directions=len(parameters),
        batch=x.shape[0],
        time=x.shape[1],
        kept=columns.kept * hidden,
        sums=columns.sums * hidden,
        fed_by_hidden=columns.hidden * hidden,
        fed_by_input=columns.input * hidden,
        input_from=columns.input_from * hidden,
    )


def weights_of(shape: Shape, columns: Columns, parameters: list[list[Numbers]]) -> Weights:
    """Return the weights as the forward pass reads them."""
    biases, inputs, hiddens = [], [], []
    for weight_ih, weight_hh, bias_ih, bias_hh in parameters:
        biases.append(_bias(shape, columns, bias_ih, bias_hh))
        inputs.append(panels(_input_matrix(shape, np.ascontiguousarray(weight_ih.T))))
        hiddens.append(panels(_hidden_matrix(shape, columns, weight_hh)))
    return Weights(*(np.concatenate(each) for each in (biases, inputs, hiddens)))


def _bias(shape: Shape, columns: Columns, bias_ih: Numbers, bias_hh: Numbers) -> Numbers:
    """The biases as [sums]: each column has the biases of the products that are added to it."""
    out = np.zeros((columns.sums, shape.hidden), bias_ih.dtype)
    out[columns.input_from :, : shape.units] += bias_ih.reshape(-1, shape.units)
    out[: columns.hidden, : shape.units] += bias_hh.reshape(-1, shape.units)[list(columns.order)]
    return out.reshape(-1)


def weights_back(
    shape: Shape, columns: Columns, parameters: list[list[Numbers]], wants_x: bool
) -> tuple[Numbers, Numbers]:
    """Return W_hh and, if the gradient of x is needed, W_ih as panels for the backward pass."""
    hiddens, inputs = [], []
    for weight_ih, weight_hh, *_ in parameters:
        hiddens.append(_panels_back(_hidden_matrix(shape, columns, weight_hh), shape.hidden))
        if wants_x:
            matrix = _input_matrix(shape, np.ascontiguousarray(weight_ih.T))
            inputs.append(_panels_back(matrix, shape.padded_inputs))
    empty = np.empty(0, parameters[0][0].dtype)
    return np.concatenate(hiddens), np.concatenate(inputs) if inputs else empty


def _panels_back(matrix: Numbers, columns: int) -> Numbers:
    """Panels of the transposed matrix, filled with zeros up to ``columns``."""
    rows, depth = matrix.shape
    filled = np.zeros((depth, columns), matrix.dtype)
    filled[:, :rows] = matrix.T
    return panels(filled)


def _hidden_matrix(shape: Shape, columns: Columns, weight: Numbers) -> Numbers:
    """W_hh as [units, fed_by_hidden]: gates in the order of the kernels, filled with zeros."""
    gates = weight.reshape(-1, shape.units, shape.units)
    out = np.zeros((shape.units, columns.hidden, shape.hidden), weight.dtype)
    for place, gate in enumerate(columns.order):
        out[:, place, : shape.units] = gates[gate].T
    return out.reshape(shape.units, -1)


def _input_matrix(shape: Shape, weight: Numbers) -> Numbers:
    """A matrix [rows, gates * units] as [rows, fed_by_input], filled with zeros."""
    gates = shape.fed_by_input // shape.hidden
    out = np.zeros((len(weight), gates, shape.hidden), weight.dtype)
    out[:, :, : shape.units] = weight.reshape(len(weight), gates, shape.units)
    return out.reshape(len(weight), -1)


def gradients_of_parameters(
    shape: Shape, columns: Columns, groups: int, gradients: Gradients
) -> list[Tensor]:
    """Sum the partial gradients in a fixed order; return them in the layout of ``torch.nn``."""
    units, directions = shape.units, shape.directions

    def total(part: Numbers, rows: int) -> Numbers:
        summed: Numbers = part.reshape(directions, groups, rows, -1).sum(axis=1)
        return summed

    hiddens = total(gradients.hidden, shape.hidden)
    inputs = total(gradients.input, shape.inputs)
    biases = total(gradients.bias, 1)
    out: list[Tensor] = []
    for d in range(directions):
        gates = hiddens[d].reshape(shape.hidden, columns.hidden, shape.hidden)
        weight_hh = np.empty((columns.hidden, units, units), gates.dtype)
        for place, gate in enumerate(columns.order):
            weight_hh[gate] = gates[:units, place, :units].T
        of_input = inputs[d].reshape(-1, columns.input, shape.hidden)[:, :, :units]
        of_input = of_input.reshape(len(of_input), -1).T
        bias = biases[d].reshape(columns.sums, shape.hidden)[:, :units]
        bias_ih = bias[columns.input_from :].reshape(-1)
        bias_hh = bias[list(np.argsort(columns.order))].reshape(-1)
        arrays = [of_input, weight_hh.reshape(-1, units), bias_ih, bias_hh]
        out += [torch.from_numpy(np.ascontiguousarray(array)) for array in arrays]
    return out
