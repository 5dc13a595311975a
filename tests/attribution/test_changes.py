"""Reuse of what a change does not reach gives the numbers of a prediction of the whole record."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from attributed import explained, record

from bioseqrnn.attribution import changes
from bioseqrnn.attribution.changes import changed_logits, plainly_changed
from bioseqrnn.attribution.mutagenesis import single_changes

KINDS = {
    "rnn": {"cell": "rnn"},
    "gru": {"cell": "gru"},
    "lstm": {"cell": "lstm"},
    "one direction": {"cell": "lstm", "bidirectional": False},
    "two layers": {"cell": "gru", "layers": 2},
    "one direction, three layers": {"cell": "lstm", "layers": 3, "bidirectional": False},
    "no stem": {"cell": "gru", "stem_filters": 0},
    "pooled stem": {"cell": "gru", "stem_pool": 3},
    "pooled stem, even": {"cell": "lstm", "stem_pool": 2, "stem_width": 3},
    "no positions": {"cell": "gru", "positions": 0},
    "few positions": {"cell": "gru", "positions": 3},
    "other summaries": {"cell": "lstm", "pooling": ["last", "attention", "centre"]},
    "members": {"cell": "gru", "members": 2},
    "both strands": {"cell": "gru", "strands": "both"},
    "both strands, every position": {"cell": "lstm", "strands": "both", "stem_pool": 1},
    "wide": {"cell": "gru", "hidden_size": 40, "stem_filters": 33},
    "protein": {"cell": "gru", "alphabet": "protein"},
    "protein, no stem": {"cell": "rnn", "alphabet": "protein", "stem_filters": 0},
    "no properties": {"cell": "gru", "alphabet": "protein", "residue_properties": False},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("length", [1, 2, 4, 43])
def test_every_change_gives_what_a_whole_prediction_gives(kind, length):
    model = explained(**KINDS[kind])
    x = record(length, KINDS[kind].get("alphabet", "dna"), ambiguous=[length // 2])
    every = single_changes(x)
    found = changed_logits(model, x, *every)
    wanted = plainly_changed(model, x, *every)
    assert found.shape == (len(every[0]), 3)
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-5)
    # the changes matter: this is not a comparison of constants
    assert length < 4 or wanted.std(axis=0).min() > 1e-3


def test_batches_and_threads_do_not_change_a_bit(monkeypatch):
    model = explained(cell="gru", strands="both")
    x = record(70)
    every = single_changes(x)
    whole = changed_logits(model, x, *every)
    try:
        torch.set_num_threads(3)
        assert np.array_equal(changed_logits(model, x, *every), whole)
    finally:
        torch.set_num_threads(1)
    monkeypatch.setattr(changes, "CHANGED_STEPS", 1)
    monkeypatch.setattr(changes, "LEAST_CHANGES", 7)
    np.testing.assert_allclose(changed_logits(model, x, *every), whole, rtol=0, atol=1e-6)


def test_the_engine_of_torch_is_asked_for_whole_records(monkeypatch):
    model = explained()
    x = record(12)
    every = single_changes(x)
    wanted = changed_logits(model, x, *every)
    asked = []
    monkeypatch.setattr(changes, "kernels_take", lambda _: asked.append(1))
    np.testing.assert_allclose(changed_logits(model, x, *every), wanted, rtol=0, atol=1e-5)
    assert asked
