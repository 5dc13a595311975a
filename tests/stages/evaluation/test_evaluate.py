from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from conftest import encode
from made_predictions import Made, dataset
from sklearn.metrics import matthews_corrcoef

from bioseqrnn.config.folds import FoldsConfig
from bioseqrnn.fasta.sources import Source
from bioseqrnn.metrics.calibration import calibrated
from bioseqrnn.metrics.registry import PER_CLASS, headline, metrics_of
from bioseqrnn.metrics.thresholds import Aim
from bioseqrnn.stages.folds.run import split_table
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.predictions import read_predictions
from bioseqrnn.tasks import TASKS, task_of

# what it shares is made once, not by every worker
pytestmark = pytest.mark.xdist_group("evaluate")


@pytest.fixture
def made(tmp_path, acp):
    return Made(tmp_path, acp)


def read(folder, name):
    return pd.read_csv(folder / f"{name}.tsv", sep="\t")


def test_tables_and_their_columns(made, acp):
    made.add("good", "network", 1.5, validation_loss=0.3, seeds=(1, 2))
    made.add("plain", "baseline", 0.5)
    out = made.evaluate()
    summary, runs = read(out, "summary"), read(out, "runs")
    assert list(summary) == ["model", "kind", "metric", "estimate", "ci_low", "ci_high", "n"]
    assert list(runs) == ["model", "kind", "fold", "seed", "metric", "estimate", "n"]
    names = metrics_of(task_of("binary"), thresholds=True)
    # two seeds, their ensemble, and a baseline
    assert len(runs) == 3 * (2 + 1 + 1) * len(names)
    assert runs["model"].unique().tolist() == ["good", "good_ensemble", "plain"]
    assert (summary["n"] == len(acp)).all()
    # ECE is never below 0, so replicates of a small one are larger
    rest = summary[~summary["metric"].str.startswith("ece")]
    assert (rest["ci_low"] <= rest["estimate"]).all()
    assert (rest["estimate"] <= rest["ci_high"]).all()
    comparisons = read(out, "comparisons")
    assert list(comparisons) == [
        "model", "baseline", "metric", "difference", "ci_low", "ci_high", "p", "test", "p_adjusted",
    ]  # fmt: skip
    auroc = comparisons.set_index(["model", "metric"]).loc[("good", "auroc")]
    assert auroc["ci_low"] > 0
    assert auroc["p"] < 0.02
    assert auroc["test"] == "delong"
    assert (comparisons["p_adjusted"] >= comparisons["p"]).all()
    confusion = read(out, "confusion")
    for _, counts in confusion.groupby(["model", "at_threshold"]):
        assert counts["count"].sum() == len(acp)
    calibration = read(out, "calibration")
    for _, after in calibration.groupby("calibrated"):
        assert after.groupby("model")["count"].sum().to_dict() == {
            "good": 2 * len(acp),
            "good_ensemble": len(acp),
            "plain": len(acp),
        }


def test_pooled_accuracy_is_the_mean_of_the_folds_by_size(made):
    made.add("good", "network", 1.5, validation_loss=0.3)
    out = made.evaluate()
    runs = read(out, "runs").query("metric == 'accuracy'")
    pooled = read(out, "summary").set_index("metric").loc["accuracy", "estimate"]
    assert pooled == pytest.approx(np.average(runs["estimate"], weights=runs["n"]), abs=1e-5)


def test_selection_looks_at_validation_only(made):
    """The network that does best on test records has the worse validation loss: it must lose."""
    made.add("lucky", "network", 3.0, validation_loss=0.5)
    made.add("sound", "network", 0.5, validation_loss=0.4)
    selected = json.loads((made.evaluate() / "selected.json").read_text())
    assert selected["model"] == "sound"
    assert selected["epochs"] == 2
    assert selected["config"]["cell"] == "gru"
    assert selected["devices"] == ["cpu (1 thread)"]


def test_same_seed_same_tables(made):
    made.add("good", "network", 1.5, validation_loss=0.3)
    made.add("plain", "baseline", 0.5)
    first = {p.name: p.read_bytes() for p in made.evaluate().iterdir()}
    second = {p.name: p.read_bytes() for p in made.evaluate().iterdir()}
    assert first == second


def test_a_missing_fold_is_noticed(made):
    made.add("good", "network", 1.5, validation_loss=0.3)
    made.paths.pop()
    with pytest.raises(InputError, match=r"good, seed 1: \d+ records of .* have no prediction"):
        made.evaluate()


def test_a_record_predicted_twice_is_noticed(made):
    made.add("good", "network", 1.5, validation_loss=0.3)
    made.paths.append(made.paths[0])
    with pytest.raises(InputError, match="predicts records twice"):
        made.evaluate()


def test_only_baselines_is_refused(made):
    made.add("plain", "baseline", 0.5)
    with pytest.raises(InputError, match="no network"):
        made.evaluate()


def test_a_network_without_its_model_is_noticed(made):
    made.add("good", "network", 1.5, validation_loss=0.3)
    made.paths[1].with_name("model.safetensors").unlink()
    with pytest.raises(
        InputError, match=r"fold-1/seed-1/model\.safetensors: is missing, although predictions"
    ):
        made.evaluate()


def test_predictions_of_other_folds_are_refused(made, acp):
    made.add("good", "network", 1.5, validation_loss=0.3)
    split_table(
        acp,
        made.folder / "folds.parquet",
        FoldsConfig(count=3, validation_fraction=0.2, seed=2, grouping="duplicates"),
    )
    with pytest.raises(InputError, match="in another test fold"):
        made.evaluate()


def test_networks_alone_are_evaluated(made):
    made.add("good", "network", 1.5, validation_loss=0.3)
    out = made.evaluate()
    assert read(out, "comparisons").empty
    assert set(read(out, "summary")["model"]) == {"good"}


HEADS = {
    "runs": "model kind fold seed metric estimate n",
    "summary": "model kind metric estimate ci_low ci_high n",
    "comparisons": "model baseline metric difference ci_low ci_high p test p_adjusted",
    "classes": "model kind class metric estimate ci_low ci_high n positives",
    "calibration": "model kind bin_low bin_high count stated observed calibrated",
    "temperatures": "model kind fold seed temperature n",
    "thresholds": "model kind fold seed class aim threshold validation n mcc f1 precision recall",
    "confusion": "model kind target called count label at_threshold",
    "strata": "model kind stratum bin low high metric estimate ci_low ci_high n",
}


@pytest.fixture(scope="module", params=list(TASKS))
def every_task(request, tmp_path_factory):
    """Two networks of two seeds, the better of which is too sure of itself, and a baseline."""
    folder = tmp_path_factory.mktemp(request.param)
    made = Made(folder, dataset(folder, request.param))
    sure = {} if request.param == "regression" else {"too_sure": 4.0}
    made.add("good", "network", 0.9, 0.3, seeds=(1, 2), **sure)
    made.add("bad", "network", 0.5, 0.4, seeds=(1, 2))
    made.add("plain", "baseline", 0.3)
    return made, made.evaluate(sequences=folder / "sequences.parquet")


def test_every_task_has_every_table(every_task):
    made, out = every_task
    task = made.table.task
    tables = {name: read(out, name) for name in HEADS}
    for name, head in HEADS.items():
        assert list(tables[name]) == head.split(), name
    names = list(metrics_of(task, thresholds=True))
    models = ["good", "bad", "selected"]
    models += [f"{name}_ensemble" for name in models] + ["plain"]
    summary = tables["summary"]
    assert summary["model"].unique().tolist() == models
    for _, rows in summary.groupby("model"):
        assert rows["metric"].tolist() == names
    n = made.table.lengths.sum() if task.per_position else len(made.table)
    assert (summary["n"] == n).all()
    assert np.isfinite(summary[["estimate", "ci_low", "ci_high"]]).all(axis=None)
    assert len(tables["comparisons"]) == 6 * len(names)
    curves = pq.read_table(out / "curves.parquet").to_pandas()
    assert list(curves) == ["model", "kind", "class", "curve", "x", "y", "threshold"]
    shown = made.table.classes[1:] if task.name == "binary" else made.table.classes
    assert set(curves["class"]) == set(shown)
    classes = tables["classes"]
    assert classes["class"].drop_duplicates().tolist() == shown
    assert len(classes) == 7 * len(shown) * len(PER_CLASS)
    thresholds = tables["thresholds"]
    several = task.name in ("binary", "multilabel")
    assert len(thresholds) == (3 * (2 + 2 + 2 + 3 + 1) * len(shown) if several else 0)
    temperatures = tables["temperatures"]
    assert len(temperatures) == (30 if task.probabilistic else 0)
    strata = tables["strata"]
    assert set(strata["stratum"]) == {"length", "gc"}
    assert set(strata["metric"]) == {headline(task)}
    for _, part in strata.groupby(["model", "stratum"]):
        assert part["n"].sum() == len(made.table)


def test_the_confusion_has_all_units(every_task):
    made, out = every_task
    confusion = pd.read_csv(out / "confusion.tsv", sep="\t", keep_default_na=False)
    n = read(out, "summary")["n"][0]
    for _, counts in confusion.groupby(["model", "label", "at_threshold"]):
        assert counts["count"].sum() == n
    labels = made.table.classes if made.table.task.name == "multilabel" else [""]
    assert set(confusion["label"]) == (set(labels) if made.table.task.probabilistic else set())


def test_what_is_too_sure_is_cooled(every_task):
    made, out = every_task
    selected = json.loads((out / "selected.json").read_text())
    if not made.table.task.probabilistic:
        assert selected["temperature"] is None
        return
    temperatures = read(out, "temperatures").groupby("model")["temperature"].mean()
    assert temperatures["good"] > 1.2 * temperatures["bad"]
    estimates = read(out, "summary").set_index(["model", "metric"])["estimate"]
    for metric in ("log_loss", "brier", "ece"):
        assert estimates["good", metric] < estimates["good", f"{metric}_uncalibrated"], metric
    assert selected["temperature"] > 1.2
    calibration = read(out, "calibration")
    for after, suffix in ((True, ""), (False, "_uncalibrated")):
        rows = calibration[(calibration["model"] == "plain") & (calibration["calibrated"] == after)]
        gap = np.average(abs(rows["stated"] - rows["observed"]), weights=rows["count"])
        assert gap == pytest.approx(estimates["plain", f"ece{suffix}"], abs=1e-9)


def test_what_selected_json_says(every_task):
    made, out = every_task
    task = made.table.task
    selected = json.loads((out / "selected.json").read_text())
    assert (selected["task"], selected["headline"]) == (task.name, headline(task))
    assert (selected["model"], selected["row"]) == ("good", "selected")
    several = {"binary": ["hit"], "multilabel": list("xyz")}.get(task.name, [])
    assert list(selected["thresholds"]) == several
    assert selected["aim"] == ("mcc" if several else "none")
    estimates = read(out, "summary").set_index(["model", "metric"])["estimate"]
    for name, value in selected["metrics"].items():
        assert value == pytest.approx(estimates["good", name], abs=1e-6)


def test_thresholds_are_of_validation_records_and_judged_on_test_records(every_task):
    made, out = every_task
    thresholds = read(out, "thresholds")
    if thresholds.empty:
        return
    rows = thresholds[thresholds["model"] == "plain"].rename(columns={"class": "label"})
    temperature = read(out, "temperatures").query("model == 'plain'").set_index("fold")
    for row in rows.itertuples():
        path = next(p for p in made.paths if f"plain/fold-{row.fold}" in str(p))
        for role, reached in (("validation", row.validation), ("test", row.mcc)):
            run = read_predictions(path, role)
            p = calibrated(run.task, run.scores, temperature.loc[row.fold, "temperature"])
            k = run.classes.index(row.label)
            held = run.targets[:, k] if run.targets.ndim == 2 else run.targets == k
            called = p[:, k] >= row.threshold
            assert matthews_corrcoef(held, called) == pytest.approx(reached, abs=1e-6)


def test_in_each_fold_the_network_that_validates_best_is_selected(tmp_path):
    """One is best on the validation records of folds 0 and 1, the other on those of fold 2."""
    made = Made(tmp_path, dataset(tmp_path, "multiclass"))
    made.add("one", "network", (2.0, 2.0, 0.1), (0.2, 0.2, 0.9))
    made.add("other", "network", (0.1, 0.1, 2.0), (0.25, 0.25, 0.3))
    out = made.evaluate()
    runs = read(out, "runs").query("metric == 'accuracy'").set_index(["model", "fold"])["estimate"]
    expected = [runs["one", 0], runs["one", 1], runs["other", 2]]
    assert [runs["selected", fold] for fold in range(3)] == expected
    # better than either of both, as each is bad in some folds
    summary = read(out, "summary").query("metric == 'accuracy'").set_index("model")["estimate"]
    assert summary["selected"] > summary[["one", "other"]].max() + 0.1
    assert json.loads((out / "selected.json").read_text())["model"] == "other"


def test_nested_selection_is_blind_to_test_records(tmp_path):
    """The network that is best on test records, in every fold, has the worse validation loss."""
    made = Made(tmp_path, dataset(tmp_path, "multiclass"))
    made.add("lucky", "network", {"validation": 0.1, "test": 3.0}, 0.5)
    made.add("sound", "network", 0.5, 0.4)
    summary = read(made.evaluate(), "summary").set_index(["model", "metric"])["estimate"]
    for metric in ("accuracy", "auroc", "log_loss"):
        assert summary["selected", metric] == summary["sound", metric]


def test_temperature_and_threshold_are_blind_to_test_records(tmp_path):
    """Other test scores: the same temperatures and thresholds, of runs and of the final model."""
    table, found = dataset(tmp_path, "binary"), []
    for quality in (0.1, 3.0):
        folder = tmp_path / str(quality)
        folder.mkdir()
        made = Made(folder, table)
        made.add("one", "network", {"validation": 1.0, "test": quality}, 0.4)
        out = made.evaluate()
        selected = json.loads((out / "selected.json").read_text())
        parts = [read(out, name) for name in ("temperatures", "thresholds", "summary")]
        chosen = [parts[0]["temperature"].tolist(), parts[1]["threshold"].tolist()]
        found.append((chosen, selected["temperature"], selected["thresholds"]))
        found[-1] += (parts[2].set_index("metric").loc["auroc", "estimate"],)
    assert found[0][:3] == found[1][:3]
    assert found[1][3] > found[0][3] + 0.2


def test_no_aim_no_thresholds(made):
    made.add("good", "network", 1.5, validation_loss=0.3)
    out = made.evaluate(aim=Aim("none", 0.9))
    assert read(out, "thresholds").empty
    assert not read(out, "summary")["metric"].str.endswith("_at_threshold").any()
    assert json.loads((out / "selected.json").read_text())["thresholds"] == {}


def test_twins_are_compared_by_bootstrap(tmp_path):
    """DeLong's test would take three copies of each record for three times the evidence."""
    rng = np.random.default_rng(1)
    for name in ("a", "b"):
        lines = []
        for i in range(40):
            letters = "".join(rng.choice(list("ACGT"), 30))
            lines += [f">{name}{i}_{copy}\n{letters}\n" for copy in range(3)]
        (tmp_path / f"{name}.fa").write_text("".join(lines))
    table = encode(tmp_path, [Source(tmp_path / f"{name}.fa", name) for name in ("a", "b")])
    made = Made(tmp_path, table)
    made.add("good", "network", 0.8, 0.3)
    made.add("plain", "baseline", 0.3)
    comparisons = read(made.evaluate(), "comparisons")
    assert set(comparisons["test"]) == {"bootstrap"}


@pytest.mark.parametrize("name", ["selected", "good_ensemble"])
def test_a_model_with_a_name_of_ours_is_refused(made, name):
    made.add("good", "network", 1.5, validation_loss=0.3, seeds=(1, 2))
    made.add(name, "network", 1.0, validation_loss=0.3, seeds=(1, 2))
    with pytest.raises(InputError, match=f"model '{name}': the evaluation adds its own row"):
        made.evaluate()


def test_strata_need_the_table_that_was_split(made, tmp_path):
    made.add("good", "network", 1.5, validation_loss=0.3)
    folder = tmp_path / "other"
    folder.mkdir()
    dataset(folder, "multiclass")
    with pytest.raises(InputError, match="does not contain 786 of the test records"):
        made.evaluate(sequences=folder / "sequences.parquet")


def test_repeated_folds_count_as_more_seeds(tmp_path):
    """Two repeats of two folds: every record is tested once in each repeat."""
    table = dataset(tmp_path, "multiclass")
    made = Made(tmp_path, table, folds=2, repeats=2)
    made.add("one", "network", (0.2, 0.2, 2.0, 2.0), 0.4)
    out = made.evaluate()
    runs = read(out, "runs").query("metric == 'accuracy'")
    assert runs["fold"].tolist() == [0, 1, 2, 3]
    by_repeat = [
        np.average(part["estimate"], weights=part["n"])
        for part in (runs.query("fold < 2"), runs.query("fold >= 2"))
    ]
    assert by_repeat[1] > by_repeat[0] + 0.2
    summary = read(out, "summary").set_index("metric").loc["accuracy"]
    assert summary["estimate"] == pytest.approx(np.mean(by_repeat))
    assert summary["n"] == len(table)
    # one seed: repeats are no ensemble
    assert set(read(out, "summary")["model"]) == {"one"}
