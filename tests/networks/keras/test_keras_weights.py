"""Keras's layers, written out in NumPy as its documentation has them, against ours."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bioseqrnn.networks.keras.weights import recurrent_state
from bioseqrnn.networks.recurrent import LAYERS
from bioseqrnn.support.errors import InputError

X, U, T = 4, 5, 11
GATES = {"rnn": 1, "gru": 3, "lstm": 4}


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def simple_rnn(x, kernel, recurrent, bias):
    """output_t = tanh(input_t · kernel + bias + output_{t-1} · recurrent_kernel)."""
    h, states = np.zeros(U), []
    for x_t in x:
        h = np.tanh(x_t @ kernel + bias + h @ recurrent)
        states.append(h)
    return np.array(states)


def gru(x, kernel, recurrent, bias):
    """reset_after=True: gates z, r, h; the input's and the recurrent bias in a row each."""
    (W_z, W_r, W_h), (U_z, U_r, U_h) = np.split(kernel, 3, axis=1), np.split(recurrent, 3, axis=1)
    (b_z, b_r, b_h), (d_z, d_r, d_h) = np.split(bias[0], 3), np.split(bias[1], 3)
    h, states = np.zeros(U), []
    for x_t in x:
        z = sigmoid(x_t @ W_z + b_z + h @ U_z + d_z)
        r = sigmoid(x_t @ W_r + b_r + h @ U_r + d_r)
        hh = np.tanh(x_t @ W_h + b_h + r * (h @ U_h + d_h))
        h = z * h + (1 - z) * hh
        states.append(h)
    return np.array(states)


def lstm(x, kernel, recurrent, bias):
    """Gates i, f, c, o."""
    h, c, states = np.zeros(U), np.zeros(U), []
    for x_t in x:
        i, f, c_new, o = np.split(x_t @ kernel + h @ recurrent + bias, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(c_new)
        h = sigmoid(o) * np.tanh(c)
        states.append(h)
    return np.array(states)


IN_KERAS = {"rnn": simple_rnn, "gru": gru, "lstm": lstm}


def arrays(rng, cell, inputs, *, bias=True):
    columns = GATES[cell] * U
    shape = (2, columns) if cell == "gru" else (columns,)
    found = [rng.normal(0, 0.5, (inputs, columns)), rng.normal(0, 0.5, (U, columns))]
    return [*found, rng.normal(0, 0.5, shape)] if bias else found


def keras_layer(cell, x, directions):
    """All outputs of one layer; Bidirectional concatenates, the backward one turned round."""
    states = []
    for place, (kernel, recurrent, *bias) in enumerate(directions):
        step = -1 if place else 1
        none = np.zeros((2, kernel.shape[1])) if cell == "gru" else np.zeros(kernel.shape[1])
        weights = (kernel, recurrent, *(bias or [none]))
        states.append(IN_KERAS[cell](x[::step], *weights)[::step])
    return np.hstack(states)


@pytest.mark.parametrize("cell", list(IN_KERAS))
@pytest.mark.parametrize("directions", [1, 2])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("bias", [True, False])
def test_layers_are_those_of_keras(cell, directions, layers, bias):
    rng = np.random.default_rng(6)
    stack = [
        [arrays(rng, cell, directions * U if number else X, bias=bias) for _ in range(directions)]
        for number in range(layers)
    ]
    ours = LAYERS[cell](X, U, num_layers=layers, bidirectional=directions == 2).double()
    state = recurrent_state(cell, stack)
    ours.load_state_dict({name: torch.from_numpy(array) for name, array in state.items()})
    x = rng.normal(size=(T, X))
    wanted = x
    for weights in stack:
        wanted = keras_layer(cell, wanted, weights)
    with torch.no_grad():
        output, _ = ours(torch.from_numpy(x)[None])
    np.testing.assert_allclose(output[0], wanted, rtol=0, atol=1e-10)


@pytest.mark.parametrize("cell", list(IN_KERAS))
def test_other_shapes_are_refused(cell):
    kernel, recurrent, bias = arrays(np.random.default_rng(7), cell, X)
    bad = [
        [kernel],
        [kernel, recurrent, bias, bias],
        [kernel[:, 1:], recurrent, bias],
        [kernel, recurrent[:, 1:], bias],
        [kernel, recurrent[1:], bias],
        [kernel, recurrent, bias[..., 1:]],
        [kernel, recurrent, bias[None]],
        [kernel[0], recurrent, bias],
    ]
    for weights in bad:
        with pytest.raises(InputError, match=f"do not belong to one {cell} layer"):
            recurrent_state(cell, [[weights]])


def test_a_gru_that_resets_before_is_refused():
    kernel, recurrent, bias = arrays(np.random.default_rng(7), "gru", X)
    with pytest.raises(InputError, match="reset_after=False"):
        recurrent_state("gru", [[[kernel, recurrent, bias[0]]]])
