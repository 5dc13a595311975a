"""The combination of networks and baselines as rows of the tables, and as the final model."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from made_predictions import Made, dataset

from bioseqrnn.metrics.calibration import calibrated
from bioseqrnn.metrics.combination import Combination
from bioseqrnn.metrics.registry import headline, lower_is_better
from bioseqrnn.stages.evaluation.collect import collect
from bioseqrnn.stages.evaluation.combine import combine_models, members_of
from bioseqrnn.stages.evaluation.final import _clearly_lower
from bioseqrnn.support.errors import InputError
from bioseqrnn.tasks import TASKS, task_of

KNOWS = ("combined", "combined_without_network")


@pytest.fixture
def made(tmp_path, acp):
    return Made(tmp_path, acp)


def read(folder, name):
    return pd.read_csv(folder / f"{name}.tsv", sep="\t", keep_default_na=False)


def selected(folder):
    return json.loads((folder / "selected.json").read_text())


def rewritten(path, change):
    """Write a prediction table again, with a change to its rows."""
    table = pq.read_table(path)
    frame = change(table.to_pandas())
    pq.write_table(pa.Table.from_pandas(frame, table.schema, preserve_index=False), path)


@pytest.mark.parametrize("task", list(TASKS))
def test_the_combination_is_a_row_of_every_table(tmp_path, task):
    made = Made(tmp_path, dataset(tmp_path, task))
    made.add("gru", "network", 1.0, validation_loss=0.3)
    made.add("majority", "baseline", 0.0)
    for name in ("one", "other"):
        made.add(name, "baseline", 1.0)
    out = made.evaluate(combine=None)
    summary = read(out, "summary")
    metric = headline(task_of(task))
    scores = summary[summary["metric"] == metric].set_index("model")
    assert scores.index.tolist() == [*KNOWS, "gru", "majority", "one", "other"]
    assert set(scores.loc[list(KNOWS), "kind"]) == {"combined"}
    sign = -1 if lower_is_better(metric) else 1
    assert sign * scores.loc["combined", "estimate"] > max(
        sign * scores.loc[["gru", "one", "other"], "estimate"]
    )
    weights = read(out, "weights")
    assert set(weights["member"]) == {"gru", "one", "other"}
    without = weights[weights["model"] == KNOWS[1]]
    assert set(without["member"]) == {"one", "other"}
    assert (weights["weight"] >= 0).all()
    sums = weights.groupby(["model", "fold", "seed"])["fraction"].sum()
    np.testing.assert_allclose(sums, 1)
    compared = read(out, "comparisons")
    rows = compared[(compared["model"] == "combined") & (compared["metric"] == metric)]
    assert rows["baseline"].tolist() == ["combined_without_network", *scores.index[2:]]
    final = selected(out)["final"]
    assert final["name"] == final["row"] == "combined"
    assert [member["name"] for member in final["members"]] == ["gru", "one", "other"]


def test_scores_are_those_of_the_members_by_the_weights(made):
    """The row can be computed again from the tables alone."""
    made.add("gru", "network", 1.0, validation_loss=0.3, seeds=(1, 2))
    made.add("plain", "baseline", 0.8)
    evidence = collect(made.paths, made.folder / "folds.parquet")
    models, weights = combine_models(evidence, members_of(evidence, None))
    assert [model.name for model in models] == list(KNOWS)
    assert sorted(models[0].judged) == sorted(models[1].judged) == [1, 2]
    by_name = {model.name: model for model in evidence.models}
    for run in models[0].runs:
        found = next(
            w for w in weights
            if (w.model, w.fold, w.seed) == ("combined", run.test.fold, run.test.seed)
        )  # fmt: skip
        parts = []
        for name in ("gru", "plain"):
            own = next(
                r for r in by_name[name].runs
                if r.test.fold == run.test.fold and r.test.seed in (run.test.seed, 1)
                and (name == "plain" or r.test.seed == run.test.seed)
            )  # fmt: skip
            parts.append(calibrated(evidence.task, own.test.scores, own.temperature))
        expected = Combination(found.combination.weights).scores(evidence.task, parts)
        np.testing.assert_array_equal(run.test.scores, expected)


def test_weights_do_not_depend_on_test_records(made):
    """Other scores and labels of the test records: the same weights and the same final model."""
    made.add("gru", "network", 1.0, validation_loss=0.3)
    made.add("plain", "baseline", 0.8)
    before = made.evaluate(combine=None)
    weights, final = read(before, "weights"), selected(before)["final"]
    rng = np.random.default_rng(3)

    def other(frame):
        test = frame["role"] == "test"
        p = rng.random(test.sum())
        columns = [name for name in frame if name.startswith("probability_")]
        frame.loc[test, columns[0]], frame.loc[test, columns[1]] = p, 1 - p
        return frame

    for path in made.paths:
        rewritten(path, other)
    after = made.evaluate(combine=None)
    pd.testing.assert_frame_equal(read(after, "weights"), weights)
    changed = selected(after)["final"]
    # scores of test records say how good the model is, and how far new scores can be trusted
    for measured in ("metrics", "conformal"):
        assert changed.pop(measured) != final.pop(measured)
    assert changed == final


def test_a_useless_network_is_not_in_the_way(made):
    made.add("gru", "network", 0.0, validation_loss=0.69)
    for name in ("one", "other"):
        made.add(name, "baseline", 1.0)
    out = made.evaluate(combine=None)
    compared = read(out, "comparisons").set_index(["model", "baseline", "metric"])
    row = compared.loc[("combined", "combined_without_network", "auroc")]
    assert row["ci_low"] < 0.01
    assert abs(row["difference"]) < 0.02


def test_the_final_model_is_what_validation_says(made):
    """Test records, on which it is the other way round, have no part in the choice."""
    made.add("gru", "network", {"validation": 1.5, "test": 0.0}, validation_loss=0.1)
    made.add("plain", "baseline", {"validation": 0.5, "test": 3.0})
    final = selected(made.evaluate(combine=None))["final"]
    losses = {entry["name"]: entry["validation_loss"] for entry in final["candidates"]}
    assert set(losses) == {"gru", "plain", "combined"}
    assert losses["gru"] < losses["plain"]
    # two methods that both know something are better together
    assert final["name"] == "combined"
    assert "unless the validation loss of a member is lower" in final["criterion"]
    for wanted, name, members in (
        ("network", "gru", ["gru"]), ("best", "gru", ["gru", "plain"]),
    ):  # fmt: skip
        final = selected(made.evaluate(combine=None, final=wanted))["final"]
        assert final["name"] == name
        assert [member["name"] for member in final["members"]] == members
        assert [m["weight"] for m in final["members"] if m["name"] != name] == [0.0] * (
            len(members) - 1
        )


def test_a_member_that_is_clearly_better_is_final():
    better, worse = np.full(50, 0.1), np.full(50, 0.2)
    assert _clearly_lower(better, worse)
    assert not _clearly_lower(worse, better)
    # the same mean difference, but by luck of one record
    lucky = better.copy()
    lucky[0] -= 5
    assert not _clearly_lower(lucky, better)
    assert _clearly_lower(np.array([0.1]), np.array([0.2]))


def test_the_best_may_be_a_baseline(made):
    made.add("gru", "network", 0.1, validation_loss=0.6)
    made.add("rnn", "network", 0.0, validation_loss=0.7)
    made.add("plain", "baseline", 2.0)
    final = selected(made.evaluate(combine=None, final="best"))["final"]
    assert final["name"] == final["row"] == "plain"
    by_name = {member["name"]: member for member in final["members"]}
    # the row is called selected, the network that will be trained is gru
    assert set(by_name) == {"gru", "plain"}
    assert by_name["plain"]["weight"] == 1
    assert by_name["gru"]["weight"] == 0


def test_named_members_alone_are_combined(made):
    for name in ("gru", "rnn"):
        made.add(name, "network", 1.0, validation_loss=0.3)
    made.add("plain", "baseline", 0.8)
    out = made.evaluate(combine=["gru", "rnn"])
    weights = read(out, "weights")
    assert set(weights["member"]) == {"gru", "rnn"}
    # no baseline is combined, so nothing would be left without networks
    assert set(weights["model"]) == {"combined"}
    assert set(selected(out)["networks"]) == {"gru", "rnn"}
    with pytest.raises(InputError, match="--combine: 'lstm' is not among the predictions"):
        made.evaluate(combine=["lstm", "plain"])


def test_one_member_is_not_combined(made):
    made.add("gru", "network", 1.0, validation_loss=0.3)
    made.add("majority", "baseline", 0.0)
    out = made.evaluate(combine=None)
    assert read(out, "weights").empty
    final = selected(out)["final"]
    assert final["name"] == "gru"
    assert [member["weight"] for member in final["members"]] == [1.0]


def test_a_model_of_the_same_name_is_refused(made):
    made.add("combined", "network", 1.0, validation_loss=0.3)
    made.add("plain", "baseline", 0.8)
    with pytest.raises(InputError, match="model 'combined': the evaluation makes a row"):
        made.evaluate(combine=None)
