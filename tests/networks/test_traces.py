"""Traces of states and gates equal the equations of the cells, and the layers of PyTorch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from attributed import explained, record

from bioseqrnn.networks.traces import residues_per_step, traces

# hand-set weights of one unit that reads two features
INPUT = np.array([[1.0, -0.5], [0.3, 0.8], [-1.2, 0.4], [0.6, 0.2]])
BIAS = np.array([0.1, -0.2, 0.3, 0.05])
STATE = np.array([0.7, -0.9, 0.5, 1.1])
STATE_BIAS = np.array([0.2, 0.1, -0.3, 0.4])
X = np.array([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5], [1.0, 0.0]])


def sigmoid(value):
    return 1 / (1 + np.exp(-value))


def rnn(steps):
    h, found = 0.0, {"h": []}
    for x in steps:
        h = np.tanh(INPUT[0] @ x + BIAS[0] + STATE[0] * h + STATE_BIAS[0])
        found["h"].append(h)
    return found


def gru(steps):
    h, found = 0.0, {"r": [], "z": [], "h": []}
    for x in steps:
        of_x, of_h = INPUT[:3] @ x + BIAS[:3], STATE[:3] * h + STATE_BIAS[:3]
        r, z = sigmoid(of_x[0] + of_h[0]), sigmoid(of_x[1] + of_h[1])
        h = (1 - z) * np.tanh(of_x[2] + r * of_h[2]) + z * h
        for name, value in (("r", r), ("z", z), ("h", h)):
            found[name].append(value)
    return found


def lstm(steps):
    h, c, found = 0.0, 0.0, {name: [] for name in "ifohc"}
    for x in steps:
        i, f, g, o = INPUT @ x + BIAS + STATE * h + STATE_BIAS
        i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
        c = f * c + i * g
        h = o * np.tanh(c)
        for name, value in zip("ifohc", (i, f, o, h, c), strict=True):
            found[name].append(value)
    return found


CELLS = {"rnn": (rnn, 1), "gru": (gru, 3), "lstm": (lstm, 4)}


def double(**settings):
    """A network of a cell in double precision."""
    return explained(**settings).network.double()


@pytest.mark.parametrize("cell", CELLS)
def test_hand_set_weights_give_the_equations(cell, monkeypatch):
    equations, gates = CELLS[cell]
    network = double(cell=cell, hidden_size=1, stem_filters=0, positions=0)
    network.recurrent = type(network.recurrent)(2, 1, bidirectional=True).double()
    with torch.no_grad():
        for way, scale in (("", 1.0), ("_reverse", -1.0)):
            for name, values in (
                ("weight_ih", INPUT[:gates]), ("bias_ih", BIAS[:gates]),
                ("weight_hh", STATE[:gates, None]), ("bias_hh", STATE_BIAS[:gates]),
            ):  # fmt: skip
                weight = getattr(network.recurrent, f"{name}_l0{way}")
                weight.copy_(torch.tensor(values * (scale if name == "weight_ih" else 1)))
    monkeypatch.setattr(network, "recurrent_input", lambda x, n: (torch.tensor(X)[None], n))
    forward, reverse = traces(network, np.zeros((4, 4), np.float32))
    for found, steps, turn in ((forward, X, 1), (reverse, -X[::-1], -1)):
        wanted = equations(steps)
        named = found.gates | found.states
        assert set(named) == set(wanted)
        for name, values in wanted.items():
            np.testing.assert_allclose(named[name][:, 0], np.array(values)[::turn], rtol=1e-12)
    assert (forward.direction, reverse.direction) == ("forward", "reverse")
    assert list(forward.gates) == [name for name in wanted if name in "ifozr"]


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize(
    "kind", [{}, {"layers": 2}, {"bidirectional": False}, {"stem_pool": 3}, {"strands": "both"}]
)
def test_states_are_those_of_the_network(cell, kind):
    network = double(cell=cell, **kind)
    x = record(20)
    found = traces(network, x)
    with torch.no_grad():
        inputs, steps = network.recurrent_input(
            torch.from_numpy(x[None]).double(), torch.tensor([20])
        )
        output, state = network.recurrent(inputs, steps)
    last = found[-2:] if network.recurrent.bidirectional else found[-1:]
    hidden = np.concatenate([trace.states["h"] for trace in last], axis=1)
    np.testing.assert_allclose(hidden, output[0].numpy(), atol=1e-12)
    ends = [trace.states["h"][-1 if trace.direction == "forward" else 0] for trace in found]
    h = state[0] if cell == "lstm" else state
    np.testing.assert_allclose(np.stack(ends), h[:, 0].numpy(), atol=1e-12)
    if cell == "lstm":
        cells = [trace.states["c"][-1 if trace.direction == "forward" else 0] for trace in found]
        np.testing.assert_allclose(np.stack(cells), state[1][:, 0].numpy(), atol=1e-12)
    assert len(hidden) == -(-20 // residues_per_step(network))
    assert [trace.layer for trace in found] == sorted(trace.layer for trace in found)
    for trace in found:
        for gate in trace.gates.values():
            assert ((gate > 0) & (gate < 1)).all()
