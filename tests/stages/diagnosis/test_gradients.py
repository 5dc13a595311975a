"""The chained Jacobians against PyTorch's automatic differentiation of its own modules."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from bioseqrnn.networks.direction import Direction
from bioseqrnn.stages.diagnosis.gradients import (
    gradient_norms,
    jacobians,
    largest_singular,
    run,
    spectral_norms,
)

H, X = 5, 3
LENGTHS = np.array([9, 1, 2, 6])
MODULES = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


def make(kind, std=0.6, **options):
    """A bidirectional module of torch.nn with random weights, and random input."""
    torch.manual_seed(1)
    module = MODULES[kind](X, H, batch_first=True, bidirectional=True, **options).double()
    for parameter in module.parameters():
        nn.init.normal_(parameter, std=std)
    return module, torch.randn(len(LENGTHS), int(LENGTHS.max()), X, dtype=torch.float64)


def states_of(module, x, place):
    """The state after reading ``x`` of one direction: a list of [H], and the whole state."""
    _, state = module(x[None])
    parts = state if isinstance(state, tuple) else (state,)
    return [part[place, 0] for part in parts], parts


def expected(module, x, k, reverse):
    """∂h_T/∂s_{T-k} of the last layer by autograd, without any code of ours."""
    place = 2 * module.num_layers - 2 + reverse
    middle = k if reverse else len(x) - k
    before, after = (x[middle:], x[:middle]) if reverse else (x[:middle], x[middle:])
    at, parts = states_of(module, before, place)
    if k == 0:
        eye = torch.eye(H, dtype=torch.float64)
        return torch.cat([eye, torch.zeros(H, (len(at) - 1) * H, dtype=torch.float64)], 1).numpy()

    def last(*states):
        given = [part.clone() for part in parts]
        for part, state in zip(given, states, strict=True):
            part[place, 0] = state
        _, end = module(after[None], tuple(given) if len(given) > 1 else given[0])
        return (end[0] if isinstance(end, tuple) else end)[place, 0]

    matrices = torch.autograd.functional.jacobian(last, tuple(at))
    return torch.cat(matrices, 1).numpy()


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("kind", MODULES)
def test_jacobians_are_those_of_autograd(kind, reverse):
    module, x = make(kind)
    direction = Direction(kind, module.state_dict(), 0, reverse=reverse)
    _, locals_ = run(direction, x.numpy(), LENGTHS, int(LENGTHS.max()) - 1)
    compared = 0
    for k, (scaled, log_scale) in enumerate(jacobians(direction.cell, locals_, LENGTHS)):
        ours = scaled * np.exp(log_scale)[:, None, None]
        for i in np.flatnonzero(k < LENGTHS):
            theirs = expected(module, x[i, : LENGTHS[i]], k, reverse)
            np.testing.assert_allclose(ours[i], theirs, rtol=0, atol=1e-10)
            compared += 1
        assert not ours[k >= LENGTHS].any()
    assert compared == LENGTHS.sum()


def expected_norms(module, x, reverse):
    return [np.linalg.norm(expected(module, x, k, reverse), 2) for k in range(len(x))]


@pytest.mark.parametrize("kind", MODULES)
def test_norms_are_those_of_autograd(kind):
    module, x = make(kind)
    found = gradient_norms(kind, module.state_dict(), x.numpy(), LENGTHS, 20)
    assert set(found) == {(1, "forward"), (1, "reverse")}
    for (_, direction), norms in found.items():
        assert norms.shape == (len(LENGTHS), 21)
        for i, length in enumerate(LENGTHS):
            want = expected_norms(module, x[i, :length], direction == "reverse")
            np.testing.assert_allclose(norms[i, :length], want, rtol=1e-8)
            assert np.isnan(norms[i, length:]).all()


@pytest.mark.parametrize("kind", MODULES)
def test_a_second_layer_reads_the_first(kind):
    module, x = make(kind, num_layers=2)
    weights = module.state_dict()
    found = gradient_norms(kind, weights, x.numpy(), LENGTHS, 8)
    assert set(found) == {(n, d) for n in (1, 2) for d in ("forward", "reverse")}
    # torch's layers one by one, so that autograd keeps the first one still
    first = MODULES[kind](X, H, batch_first=True, bidirectional=True).double()
    first.load_state_dict({n: w for n, w in weights.items() if "_l0" in n})
    second = MODULES[kind](2 * H, H, batch_first=True, bidirectional=True).double()
    second.load_state_dict({n.replace("_l1", "_l0"): w for n, w in weights.items() if "_l1" in n})
    for i, length in enumerate(LENGTHS):
        read = first(x[i : i + 1, :length])[0][0].detach()
        for (layer, direction), norms in found.items():
            module, given = (first, x[i, :length]) if layer == 1 else (second, read)
            want = expected_norms(module, given, direction == "reverse")
            np.testing.assert_allclose(norms[i, :length], want, rtol=1e-8)


@pytest.mark.parametrize("kind", MODULES)
def test_outputs_are_those_of_torch(kind):
    """The next layer reads them."""
    module, x = make(kind)
    for i, length in enumerate(LENGTHS):
        theirs = module(x[i : i + 1, :length])[0][0].detach().numpy()
        for reverse in (False, True):
            direction = Direction(kind, module.state_dict(), 0, reverse=reverse)
            ours, _ = run(direction, x.numpy(), LENGTHS, 0)
            half = theirs[:, H:] if reverse else theirs[:, :H]
            np.testing.assert_allclose(ours[i, :length], half, atol=1e-12)
            assert not ours[i, length:].any()


def test_padding_and_company_change_nothing():
    module, x = make("lstm")
    together = gradient_norms("lstm", module.state_dict(), x.numpy(), LENGTHS, 8)
    x[0, 3:] = 7
    alone = gradient_norms("lstm", module.state_dict(), x.numpy()[3:, :6], LENGTHS[3:], 8)
    for key, norms in alone.items():
        np.testing.assert_allclose(norms[0], together[key][3], rtol=1e-12)


def test_longest_cuts_the_same_curve_short():
    module, x = make("gru")
    whole = gradient_norms("gru", module.state_dict(), x.numpy(), LENGTHS, 8)
    for key, norms in gradient_norms("gru", module.state_dict(), x.numpy(), LENGTHS, 3).items():
        np.testing.assert_allclose(norms, whole[key][:, :4], rtol=1e-12)


def test_chunks_of_records_give_the_same(monkeypatch):
    module, x = make("gru")
    whole = gradient_norms("gru", module.state_dict(), x.numpy(), LENGTHS, 8)
    monkeypatch.setattr("bioseqrnn.stages.diagnosis.gradients.CHUNK_VALUES", 4 * H**2)
    for key, norms in gradient_norms("gru", module.state_dict(), x.numpy(), LENGTHS, 8).items():
        np.testing.assert_allclose(norms, whole[key], rtol=1e-12)


@pytest.mark.parametrize("gain", [0.3, 1.0, 2.0])
def test_no_norm_of_a_vanilla_rnn_exceeds_its_bound(gain):
    module, x = make("rnn", std=gain)
    for (_, direction), norms in gradient_norms(
        "rnn", module.state_dict(), x.numpy(), LENGTHS, 8
    ).items():
        bound = largest_singular(module.state_dict(), 1, direction) ** np.arange(9)
        assert (norms <= bound * (1 + 1e-9))[~np.isnan(norms)].all()


@pytest.mark.parametrize(("scale", "length"), [(1e-3, 200), (1e3, 100)])
def test_products_far_beyond_their_squares_neither_warn_nor_vanish_early(scale, length):
    """Powers of a scaled identity: at a state of zero, tanh has a slope of 1."""
    weights = {
        "weight_ih_l0": np.zeros((H, X)), "weight_hh_l0": scale * np.eye(H),
        "bias_ih_l0": np.zeros(H), "bias_hh_l0": np.zeros(H),
    }  # fmt: skip
    x, lengths = np.zeros((1, length, X)), np.array([length])
    norms = gradient_norms("rnn", weights, x, lengths, length - 1)[1, "forward"][0]
    np.testing.assert_allclose(norms[:100], scale ** np.arange(100.0), rtol=1e-9)
    if scale < 1:
        assert norms[-1] == 0


def test_spectral_norms_are_largest_singular_values():
    matrices = np.random.default_rng(1).normal(size=(6, 4, 8))
    np.testing.assert_allclose(
        spectral_norms(matrices), np.linalg.norm(matrices, 2, axis=(1, 2)), rtol=1e-12
    )
