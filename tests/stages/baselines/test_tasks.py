"""Every baseline learns every task that it is for."""

from __future__ import annotations

import numpy as np
import pytest
from peptides import sequences_of

from bioseqrnn.baselines.methods import applicable, choices_of
from bioseqrnn.baselines.records import Form
from bioseqrnn.config.choices import BASELINES
from bioseqrnn.stages.baselines.run import train_baseline
from bioseqrnn.tables.predictions import prediction_metadata, read_predictions


@pytest.fixture(scope="module", params=["regression", "multilabel", "per_position"])
def prepared(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    return folder, sequences_of(folder, request.param)


@pytest.mark.parametrize("method", list(BASELINES))
def test_baselines_learn_every_task(method, prepared):
    folder, table = prepared
    if not applicable(method, table.task.name):
        assert (method, table.task.name) in {
            ("gapped_kmer", "per_position"), ("pwm", "per_position"),
        }  # fmt: skip
        return
    losses = {}
    for name in (method, "majority"):
        output = folder / f"{name}.parquet"
        train_baseline(
            folder / "sequences.parquet", folder / "folds.parquet", output,
            baseline=name, fold=0, seed=1, threads=1,
        )  # fmt: skip
        for role in ("validation", "test"):
            run = read_predictions(output, role)
            assert np.isfinite(run.scores).all()
            units = len(run.targets.codes) if table.task.per_position else len(run.ids)
            assert run.scores.shape == (units, table.task.outputs(table.classes))
            losses[name, role] = table.task.loss(run.targets, run.scores)
    chosen = prediction_metadata(folder / f"{method}.parquet").get("chosen", {})
    choices = choices_of(method, Form.of(table))
    assert chosen.keys() == choices.keys()
    assert all(value in choices[key] for key, value in chosen.items())
    if method != "majority":
        assert losses[method, "test"] < 0.9 * losses["majority", "test"]
        assert losses[method, "validation"] < losses["majority", "validation"]
