"""The layers against their equations, written out in NumPy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from bioseqrnn.networks.recurrent import GRU, LAYERS, LSTM, RNN, initialise

H, X, T, B = 7, 4, 13, 5


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def weights(layer, suffix="_l0"):
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    return [getattr(layer, name + suffix).detach().numpy() for name in names]


def random_layer(cell, **options):
    torch.manual_seed(1)
    layer = cell(X, H, **options)
    for parameter in layer.parameters():
        nn.init.normal_(parameter, std=0.4)
    return layer.double()


def rnn_reference(layer, x, suffix="_l0"):
    """The classic h_t = tanh(W_hh h_{t-1} + W_xh x_t + b_h)."""
    W_xh, W_hh, b_ih, b_hh = weights(layer, suffix)
    b_h = b_ih + b_hh
    h, states = np.zeros(H), []
    for x_t in x:
        h = np.tanh(W_hh @ h + W_xh @ x_t + b_h)
        states.append(h)
    return np.array(states)


def gru_reference(layer, x, suffix="_l0"):
    W, U, b, c = weights(layer, suffix)
    (W_r, W_z, W_n), (U_r, U_z, U_n) = np.split(W, 3), np.split(U, 3)
    (b_r, b_z, b_n), (c_r, c_z, c_n) = np.split(b, 3), np.split(c, 3)
    h, states = np.zeros(H), []
    for x_t in x:
        r = sigmoid(W_r @ x_t + b_r + U_r @ h + c_r)
        z = sigmoid(W_z @ x_t + b_z + U_z @ h + c_z)
        n = np.tanh(W_n @ x_t + b_n + r * (U_n @ h + c_n))
        h = (1 - z) * n + z * h
        states.append(h)
    return np.array(states)


def lstm_reference(layer, x, suffix="_l0"):
    W, U, b, d = weights(layer, suffix)
    h, c, states = np.zeros(H), np.zeros(H), []
    for x_t in x:
        i, f, g, o = np.split(W @ x_t + b + U @ h + d, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        states.append(h)
    return np.array(states)


REFERENCES = {RNN: rnn_reference, GRU: gru_reference, LSTM: lstm_reference}
cells = pytest.mark.parametrize("cell", list(REFERENCES), ids=lambda c: c.__name__)


@cells
@pytest.mark.parametrize("lengths", [[T] * B, [T, 1, 5, T, 2]], ids=["equal", "unequal"])
def test_layer_is_its_equation(cell, lengths):
    layer = random_layer(cell, bidirectional=True)
    x = torch.randn(B, T, X, dtype=torch.float64)
    output, state = layer(x, torch.tensor(lengths))
    hidden = state[0] if isinstance(state, tuple) else state
    for b, length in enumerate(lengths):
        sequence = x[b, :length].numpy()
        forward = REFERENCES[cell](layer, sequence)
        backward = REFERENCES[cell](layer, sequence[::-1], "_l0_reverse")[::-1]
        expected = np.hstack([forward, backward])
        np.testing.assert_allclose(output[b, :length].detach(), expected, atol=1e-12)
        np.testing.assert_allclose(hidden[0, b].detach(), forward[-1], atol=1e-12)
        np.testing.assert_allclose(hidden[1, b].detach(), backward[0], atol=1e-12)
        assert not output[b, length:].any()


@cells
def test_single_precision_is_within_a_millionth(cell):
    layer = random_layer(cell)
    x = torch.randn(B, T, X, dtype=torch.float64)
    expected = np.array([REFERENCES[cell](layer, x[b].numpy()) for b in range(B)])
    output, _ = layer.float()(x.float())
    np.testing.assert_allclose(output.detach(), expected, atol=1e-6)


@cells
def test_state_dict_moves_both_ways(cell):
    ours = random_layer(cell, num_layers=2, bidirectional=True).float()
    theirs = getattr(nn, cell.__name__)(X, H, 2, batch_first=True, bidirectional=True)
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(B, T, X)
    torch.testing.assert_close(ours(x)[0], theirs(x)[0])
    ours.load_state_dict(theirs.state_dict())


def test_lengths_out_of_range_are_refused():
    layer = random_layer(RNN)
    for bad in (0, T + 1):
        with pytest.raises(ValueError, match=f"1 to {T}"):
            layer(torch.randn(2, T, X, dtype=torch.float64), torch.tensor([bad, T]))


@pytest.mark.parametrize("name", list(LAYERS))
def test_initialisation(name):
    layer = LAYERS[name](X, H, bidirectional=True)
    initialise(layer)
    for gate in layer.weight_hh_l0_reverse.detach().chunk(len(layer.weight_hh_l0) // H):
        torch.testing.assert_close(gate @ gate.T, torch.eye(H), atol=1e-5, rtol=0)
    bias = (layer.bias_ih_l0 + layer.bias_hh_l0).detach()
    if name == "lstm":
        assert bias[H : 2 * H].eq(1).all()
        bias[H : 2 * H] = 0
    assert not bias.any()


def test_gates_start_with_the_memory_that_is_asked_for():
    """Chrono initialisation of every second unit: they forget after 2 to T steps."""
    torch.manual_seed(1)
    lstm, gru = LSTM(4, 1000), GRU(4, 1000)
    for layer in (lstm, gru):
        initialise(layer, 100)
    enter, keep = lstm.bias_ih_l0[:1000], lstm.bias_ih_l0[1000:2000]
    torch.testing.assert_close(enter[::2], -keep[::2])
    assert not enter[1::2].any()
    assert (keep[1::2] == 1).all()
    assert not lstm.bias_ih_l0[2000:].any()
    assert not lstm.bias_hh_l0.any()
    update = gru.bias_ih_l0[1000:2000]
    assert not update[1::2].any()
    for bias in (keep[::2], update[::2]):
        # a gate of σ(b) keeps 1/e of the state for about 1 + exp(b) steps
        steps = 1 + torch.exp(bias.detach())
        assert 2 <= steps.min() < 3
        assert 98 < steps.max() <= 100
        assert float(steps.median()) == pytest.approx(51, rel=0.1)
    assert not gru.bias_ih_l0[:1000].any()
    assert not gru.bias_ih_l0[2000:].any()
