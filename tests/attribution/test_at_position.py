"""The output of one residue: reuse against whole predictions, and attributions known exactly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from attributed import SYMBOLS, explained, record

from bioseqrnn.attribution.attribution import Focus
from bioseqrnn.attribution.changes import changed_logits, plainly_changed
from bioseqrnn.attribution.faithfulness import KS, masking_curve
from bioseqrnn.attribution.gradients import integrated_gradients
from bioseqrnn.attribution.mutagenesis import mutagenesis, single_changes
from bioseqrnn.metrics.calibration import calibrated
from bioseqrnn.tasks import task_of

KINDS = {
    "rnn": {"cell": "rnn"},
    "gru": {"cell": "gru"},
    "lstm": {"cell": "lstm", "residues_per_step": 1},
    "one direction": {"cell": "lstm", "bidirectional": False},
    "two layers": {"cell": "gru", "layers": 2},
    "positions": {"cell": "gru", "positions": 3, "residues_per_step": 1},
    "no stem": {"cell": "gru", "stem_filters": 0},
    "five a step": {"cell": "gru", "residues_per_step": 5, "stem_width": 7},
    "members": {"cell": "gru", "members": 2},
    "both strands": {"cell": "gru", "opposite": [1, 0, 2]},
    "both strands, two a step": {"cell": "lstm", "opposite": [1, 0, 2], "residues_per_step": 2},
    "protein": {"cell": "gru", "alphabet": "protein"},
}


def at(target, start, end, opposite=None, **settings):
    """A network with an output for each residue, of which one is explained."""
    more = {"opposite": {}} if opposite else {}
    model = explained(task="per_position", more=more, **settings)
    assert model.network.both_strands == bool(opposite)
    if opposite:
        for member in model.network.members:
            member.opposite.copy_(torch.tensor(opposite))
    return replace(model, focus=Focus(target, start, end))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("length", "target"), [(1, 0), (7, 0), (7, 6), (44, 21), (45, 29)])
def test_every_change_gives_what_a_whole_prediction_gives(kind, length, target):
    settings = dict(KINDS[kind])
    model = at(target, 0, length, **settings)
    x = record(length, settings.get("alphabet", "dna"), ambiguous=[length // 2])
    every = single_changes(x)
    found = changed_logits(model, x, *every)
    wanted = plainly_changed(model, x, *every)
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-5)
    # the changes matter: this is not a comparison of constants
    assert length < 4 or wanted.std(axis=0).min() > 1e-4


def test_logits_are_those_of_the_calibrated_probabilities_of_the_residue():
    model = at(4, 0, 9, opposite=[1, 0, 2], members=2)
    x = np.stack([record(9, seed=seed) for seed in range(5)])
    with torch.no_grad():
        scores = model.network.scores(torch.from_numpy(x), torch.full((5,), 9)).numpy()
    p = calibrated(task_of("per_position"), scores, model.temperature).reshape(5, 9, 3)[:, 4]
    np.testing.assert_allclose(model.logits(x), np.log(p / (1 - p)), atol=1e-6)
    # one target a sequence, of several lengths
    padded = np.concatenate([x, np.zeros((5, 3, 4), np.float32)], axis=1)
    found = model.padded_logits(padded, np.full(5, 9), np.arange(5))
    p = calibrated(task_of("per_position"), scores, model.temperature).reshape(5, 9, 3)
    wanted = p[np.arange(5), np.arange(5)]
    np.testing.assert_allclose(found, np.log(wanted / (1 - wanted)), atol=1e-6)


def reading_before(distance, weight):
    """A network of two classes whose logit at a residue is ``weight`` if G is so far before it.

    The stem finds G; a unit of a linear recurrence would be needed to carry it further, so the
    filter itself is as wide as the distance.
    """
    model = at(
        0, 0, 1, outputs=2, cell="rnn", hidden_size=1, stem_filters=1,
        stem_width=2 * distance + 1, bidirectional=False, residues_per_step=1, temperature=1.0,
    )  # fmt: skip
    network = model.network
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
        # the middle of the filter is the residue itself, the first column lies so far before it
        network.stem.convolution.weight[0, 2, 0] = 1e-3
        network.recurrent.weight_ih_l0[:] = 1
        network.head.weight[1, 0] = weight / 1e-3
    network.fit_outputs(torch.zeros(2), (0.0, 1.0))
    return model


def test_the_only_residue_that_is_read_gets_the_whole_logit():
    """tanh(0.001) is 0.001 up to 3e-10, so the answer is the weight at the G, and 0 elsewhere."""
    x = np.eye(4, dtype=np.float32)[[0, 1, 2, 3, 2, 1, 0, 2, 2, 3, 1, 0]]
    # G is at residue 4, three before residue 7
    model = replace(reading_before(3, 5.0), focus=Focus(7, 2, 11))
    logits = model.logits(x[None])[0]
    np.testing.assert_allclose(logits, [-5, 5], atol=1e-4)
    by_mutation = mutagenesis(model, x)
    wanted = np.zeros(9)
    # the effect of a residue is relative to the mean of all four
    wanted[4 - 2] = 5 - 5 / 4
    np.testing.assert_allclose(by_mutation.contribution[1], wanted, atol=1e-4)
    np.testing.assert_allclose(by_mutation.effects[1, 2], [-1.25, -1.25, 3.75, -1.25], atol=1e-4)
    by_gradient, _ = integrated_gradients(model, x)
    share = model.background[2]
    wanted[4 - 2] = 5 * (1 - share)
    np.testing.assert_allclose(by_gradient.contribution[1], wanted, atol=1e-4)
    np.testing.assert_allclose(by_gradient.error, 0, atol=1e-4)
    np.testing.assert_allclose(by_gradient.background_logits[1], 5 * share, atol=1e-4)
    # residues outside the window are not attributed, and stay as they are
    outside = replace(model, focus=Focus(7, 5, 11))
    for found in (mutagenesis(outside, x), integrated_gradients(outside, x)[0]):
        assert found.contribution.shape == (2, 6)
        np.testing.assert_allclose(found.contribution, 0, atol=1e-6)
        np.testing.assert_allclose(found.background_logits, [-5, 5], atol=1e-4)


def test_masking_is_within_the_window():
    x = np.eye(4, dtype=np.float32)[[0, 1, 2, 3, 2, 1, 0, 2, 2, 3, 1, 0]]
    model = replace(reading_before(3, 5.0), focus=Focus(7, 2, 11))
    contribution = mutagenesis(model, x).contribution[1]
    curve = masking_curve(model, x, contribution, np.random.default_rng(1))[:, :, 1]
    after = 5 * model.background[2]
    np.testing.assert_allclose(curve[0], 5, atol=1e-4)
    np.testing.assert_allclose(curve[1:5, 0], after, atol=1e-4)
    # nine residues are attributed
    assert np.isfinite(curve[:, 0]).tolist() == [k <= 9 for k in KS]
    with pytest.raises(IndexError):
        replace(model, focus=Focus(12, 2, 11)).logits(x[None])


def test_gradients_add_up_whatever_the_network():
    for alphabet in SYMBOLS:
        model = at(20, 10, 35, steepness=1, alphabet=alphabet)
        errors = []
        for seed in range(3):
            found, _ = integrated_gradients(model, record(45, alphabet, seed))
            errors += list(np.abs(found.error / (found.logits - found.background_logits)))
        assert np.median(errors) < 0.01
