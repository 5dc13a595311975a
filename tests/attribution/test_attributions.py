"""Attributions against analytic answers, brute force and the sums that they must have."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from attributed import SYMBOLS, explained, record

from bioseqrnn.attribution.attribution import masked
from bioseqrnn.attribution.faithfulness import KS, masking_curve
from bioseqrnn.attribution.gradients import MOST_STEPS, integrated_gradients
from bioseqrnn.attribution.mutagenesis import mutagenesis, single_changes


def additive(alphabet="dna", **settings):
    """A network whose logit is a sum over residues: no recurrence, and the mean of positions.

    Returns the network, and the sum's term of each symbol and class, times the length, as a
    function of a row of the input.
    """
    none = {"stem_filters": 0, "positions": 0, "residue_properties": False}
    model = explained(alphabet, cell="rnn", pooling=["mean"], **none, **settings)
    network = model.network
    with torch.no_grad():
        for name, weight in network.recurrent.named_parameters():
            if name.startswith("weight_hh"):
                weight.zero_()
    weights = {name: w.double().numpy() for name, w in network.recurrent.named_parameters()}
    head = network.head.weight.double().numpy()

    def term(rows):
        states = [
            np.tanh(
                rows @ weights[f"weight_ih_l0{way}"].T
                + weights[f"bias_ih_l0{way}"]
                + weights[f"bias_hh_l0{way}"]
            )
            for way in ("", "_reverse")
        ]
        outputs = np.concatenate(states, axis=-1) @ head.T
        return (outputs[..., 1:] - outputs[..., :1]) / model.temperature

    return model, term


@pytest.mark.parametrize("alphabet", ["dna", "protein"])
def test_mutagenesis_of_a_sum_is_each_term_minus_the_mean_of_terms(alphabet):
    model, term = additive(alphabet, task="binary", outputs=2)
    x = record(11, alphabet, ambiguous=[3])
    found = mutagenesis(model, x)
    terms = term(np.eye(SYMBOLS[alphabet]))[:, 0] / len(x)
    wanted = np.tile(terms - terms.mean(), (len(x), 1))
    np.testing.assert_allclose(found.effects[0], wanted, atol=1e-6)
    of_record = term(x.astype(float))[:, 0] / len(x) - terms.mean()
    np.testing.assert_allclose(found.contribution[0], of_record, atol=1e-6)


@pytest.mark.parametrize("alphabet", ["dna", "protein"])
def test_gradients_of_a_sum_are_each_term_minus_that_of_the_background(alphabet):
    model, term = additive(alphabet, task="binary", outputs=2)
    x = record(11, alphabet, ambiguous=[3])
    found, _ = integrated_gradients(model, x)
    base = masked(x, model.background)
    wanted = (term(x.astype(float)) - term(base.astype(float)))[:, 0] / len(x)
    np.testing.assert_allclose(found.contribution[0], wanted, atol=2e-4)
    assert found.contribution[0, 3] == 0
    np.testing.assert_allclose(found.background_logits, model.logits(base[None])[0], atol=1e-6)


def test_a_linear_network_has_the_same_gradient_everywhere():
    """Tiny weights: tanh is linear, so the effects are weights minus those of the background."""
    model, _ = additive(task="binary", outputs=2)
    with torch.no_grad():
        for weight in model.network.recurrent.parameters():
            weight.mul_(1e-3)
    x = record(7)
    found, steps = integrated_gradients(model, x)
    recurrent = dict(model.network.recurrent.named_parameters())
    matrix = torch.cat([recurrent["weight_ih_l0"], recurrent["weight_ih_l0_reverse"]])
    head = model.network.head.weight
    slope = ((head[1] - head[0]) @ matrix).numpy() / model.temperature / len(x)
    wanted = slope - (model.background * slope).sum()
    np.testing.assert_allclose(found.effects[0], np.tile(wanted, (7, 1)), atol=1e-7)
    np.testing.assert_allclose(found.contribution[0], wanted[x.argmax(axis=1)], atol=1e-7)
    assert steps == 32
    np.testing.assert_allclose(mutagenesis(model, x).effects[0], slope - slope.mean() + 0 * x,
                               atol=1e-6)  # fmt: skip


@pytest.mark.parametrize(
    "settings",
    [
        {"cell": "lstm"},
        {"cell": "gru", "strands": "both"},
        {"cell": "gru", "alphabet": "protein"},
        {"cell": "rnn", "task": "multilabel", "members": 2},
        {"cell": "gru", "task": "regression", "outputs": 1},
    ],
)
@pytest.mark.parametrize("length", [1, 3, 17])
def test_mutagenesis_is_the_prediction_of_changed_sequences(settings, length):
    """Written down again as the definition says it, one change at a time, for every class."""
    model = explained(**settings)
    alphabet = settings.get("alphabet", "dna")
    x = record(length, alphabet)
    found = mutagenesis(model, x)
    symbols = SYMBOLS[alphabet]
    z = np.empty((length, symbols, len(found.logits)))
    for place in range(length):
        for symbol in range(symbols):
            changed = x.copy()
            changed[place] = np.eye(symbols)[symbol]
            z[place, symbol] = model.logits(changed[None])[0]
    effects = z - z.mean(axis=1, keepdims=True)
    assert found.effects.dtype == found.contribution.dtype == np.float32
    np.testing.assert_allclose(found.effects, effects.transpose(2, 0, 1), atol=1e-5)
    picked = found.effects[:, np.arange(length), x.argmax(axis=1)]
    np.testing.assert_allclose(found.contribution, picked, atol=1e-6)
    np.testing.assert_allclose(found.logits, model.logits(x[None])[0], atol=1e-6)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("kind", [{}, {"strands": "both"}, {"alphabet": "protein"}])
def test_gradients_add_up_to_the_difference(cell, kind):
    model = explained(cell=cell, steepness=1, **kind)
    with torch.no_grad():
        model.network.head.weight.mul_(20)
    errors = []
    for seed in range(3):
        found, steps = integrated_gradients(model, record(25, kind.get("alphabet", "dna"), seed))
        assert steps <= MOST_STEPS
        errors += list(np.abs(found.error / (found.logits - found.background_logits)))
        assert found.effects.shape == (3, 25, SYMBOLS[kind.get("alphabet", "dna")])
    assert np.median(errors) < 0.01


def test_the_other_strand_has_the_same_attributions_turned():
    """Effects of the reverse complement, read backwards, with complementary residues."""
    model = explained(strands="both")
    x = record(21)
    for method in (mutagenesis, lambda *given: integrated_gradients(*given)[0]):
        # the background must be that of both strands
        even = replace(model, background=np.full(4, 0.25))
        here, there = method(even, x), method(even, x[::-1, ::-1].copy())
        np.testing.assert_allclose(here.effects, there.effects[:, ::-1, ::-1], atol=2e-4)
        np.testing.assert_allclose(here.contribution, there.contribution[:, ::-1], atol=2e-4)
        assert np.abs(here.contribution).max() > 0.05


def test_the_same_record_gives_the_same_bytes():
    model = explained(cell="lstm")
    x = record(33)
    for method in (mutagenesis, lambda *given: integrated_gradients(*given)[0]):
        one, two = method(model, x), method(model, x)
        assert one.effects.tobytes() == two.effects.tobytes()
        assert one.contribution.tobytes() == two.contribution.tobytes()


def test_all_changes_but_the_observed_residue():
    x = record(3, ambiguous=[1])
    positions, residues = single_changes(x)
    assert positions.tolist() == [0] * 3 + [1] * 4 + [2] * 3
    assert sorted(residues[3:7]) == [0, 1, 2, 3]
    assert x[positions, residues].max() == 0.25


def test_masking_the_top_positions_costs_more_than_random_ones():
    model, _ = additive(task="binary", outputs=2)
    x = record(40)
    found = mutagenesis(model, x)
    curve = masking_curve(model, x, found.contribution[0], np.random.default_rng(1))
    assert curve.shape == (len(KS), 2, 1)
    np.testing.assert_allclose(curve[0, :, 0], found.logits[0], atol=1e-6)
    reached = np.array(KS) <= 40
    assert np.isfinite(curve[reached]).all()
    assert np.isnan(curve[~reached]).all()
    some = reached & (np.array(KS) > 0)
    # the two can be the same positions
    assert (curve[some, 0, 0] <= curve[some, 1, 0]).all()
    assert curve[some, 0, 0].sum() < curve[some, 1, 0].sum()


def test_masked_positions_are_background_or_uniform():
    x = record(4, ambiguous=[2])
    rows = masked(x, np.array([0.1, 0.2, 0.3, 0.4]))
    np.testing.assert_allclose(rows[[0, 1, 3]], [[0.1, 0.2, 0.3, 0.4]] * 3, rtol=1e-6)
    np.testing.assert_allclose(rows[2], 0.25)
