"""Windows of a sequence by combined models, against the same windows as records."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from small_models import CLASSES, small_network

from bioseqrnn.combination import overlapping
from bioseqrnn.combination.model import CombinedScorer
from bioseqrnn.inference.overlapping import overlapping_scores, shares_stem
from bioseqrnn.inference.records import NetworkScorer
from bioseqrnn.metrics.combination import Combination
from bioseqrnn.networks.store import load_model
from bioseqrnn.onehot.alphabet import DNA
from bioseqrnn.onehot.packing import pack_lines
from bioseqrnn.tasks import TASKS

CPU = torch.device("cpu")


def network(path, **config):
    return NetworkScorer(load_model(small_network(path, "multiclass", config), CPU)[0], DNA, CPU)


@pytest.fixture
def text():
    return np.random.default_rng(2).choice(np.frombuffer(b"ACGTN", np.uint8), 500,
                                           p=[0.24, 0.24, 0.24, 0.24, 0.04])  # fmt: skip


def as_records(text, starts, window):
    lines = "".join(f"{text[s : s + window].tobytes().decode()}\n" for s in starts)
    packed, _ = pack_lines(lines.encode(), len(starts), DNA)
    return packed


def test_members_with_and_without_a_stem(tmp_path, text, monkeypatch):
    members = {
        "one": network(tmp_path / "1", stem_pool=3),
        "two": network(tmp_path / "2", stem_filters=0),
        "none": network(tmp_path / "3", stem_filters=2),
    }
    # the last one has no weight, and is not computed
    weights = Combination(np.array([0.7, 0.5, 0.0]), np.log(np.full(3, 1 / 3)))
    model = CombinedScorer(
        TASKS["multiclass"], members, {"one": 1.3, "two": 0.8, "none": 1.0}, weights
    )
    shared = []
    taken = overlapping.overlapping_scores
    monkeypatch.setattr(
        overlapping, "overlapping_scores", lambda *given: shared.append(1) or taken(*given)
    )
    starts = np.array([0, 7, 14, 21, 300, 307, 314, 440])
    found = overlapping.score_windows(model, text, starts, 60, DNA)
    wanted = model.scores(as_records(text, starts, 60)).scores
    assert np.abs(found - wanted).max() < 1e-6
    assert found.shape == (8, len(CLASSES["multiclass"]))
    assert found.std() > 0.01
    assert shared == [1]


def test_windows_at_every_phase_of_the_pool(tmp_path, text):
    scorer = network(tmp_path / "m", stem_pool=4, stem_width=9)
    for window in (17, 29, 40):
        starts = np.arange(0, 500 - window)
        assert shares_stem(scorer.network, window, 1)
        found = overlapping_scores(scorer.network, onehot(text), starts, window)
        wanted = scorer.scores(as_records(text, starts, window)).scores
        assert np.abs(found - wanted).max() < 1e-6


def onehot(text):
    columns = np.zeros((len(text), 4), np.float32)
    for place, letter in enumerate(b"ACGT"):
        columns[text == letter, place] = 1
    columns[text == ord("N")] = 0.25
    return torch.from_numpy(columns)


def test_a_network_without_a_stem_or_overlap_shares_nothing(tmp_path):
    with_stem, without = network(tmp_path / "1"), network(tmp_path / "2", stem_filters=0)
    assert shares_stem(with_stem.network, 60, 59)
    assert not shares_stem(with_stem.network, 60, 60)
    assert not shares_stem(without.network, 60, 15)
    # every step reads beyond such a window
    assert not shares_stem(with_stem.network, 8, 2)
