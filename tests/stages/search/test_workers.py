from __future__ import annotations

import json
import signal
import time

import pandas as pd
import pytest
from conftest import RESOURCES, encode, first_records, run_command
from forked import Forked

from bioseqrnn.config.folds import FoldsConfig
from bioseqrnn.fasta.sources import Source
from bioseqrnn.stages.folds.run import split_table
from bioseqrnn.support.errors import InputError

from .conftest import CONFIG, SEARCH, SPACE, choose_among, search, worker

# more than a second of training
SLOW = CONFIG | {"batch_size": 2, "epochs": 6}


@pytest.fixture(scope="module")
def whole(tables, tmp_path_factory):
    """A search by one worker that nothing disturbed."""
    out = tmp_path_factory.mktemp("whole")
    search(tables, out)
    choose_among(out, 0)
    return out


def test_one_worker_searches_the_same_every_time(tables, whole, tmp_path):
    """And from the command line."""
    done = run_command(*worker(tables, tmp_path))
    assert done.code == 0, done.err
    assert (tmp_path / "worker-0.tsv").read_text() == (whole / "worker-0.tsv").read_text()
    settings = ["--config", json.dumps(CONFIG), "--settings", json.dumps(SEARCH)]
    done = run_command(
        "bioseqrnn", "search", "--choose", tmp_path / "worker-0.tsv", "--model", "gru_search",
        *settings, "--fold", "0", "--output", tmp_path / "chosen.json",
    )  # fmt: skip
    assert done.code == 0, done.err
    for name in ("chosen.json", "trials.tsv"):
        assert (tmp_path / name).read_text() == (whole / name).read_text()


def test_the_best_trial_is_chosen(whole):
    trials = pd.read_csv(whole / "trials.tsv", sep="\t")
    chosen = json.loads((whole / "chosen.json").read_text())
    assert trials["trial"].tolist() == [0, 1, 2, 3, 4]
    complete = trials[trials["state"] == "complete"]
    best = trials.iloc[chosen["trial"]]
    assert best["value"] == complete["value"].min() == chosen["value"]
    assert trials["chosen"].tolist() == [k == chosen["trial"] for k in range(5)]
    # the model's own settings come first
    assert trials["own"].tolist() == [True, False, False, False, False]
    assert trials["hidden_size"][0] == CONFIG["hidden_size"]
    assert chosen["own_value"] == trials["value"][0]
    for trial in complete.to_dict("records"):
        losses = [float(loss) for loss in trial["losses"].split(",")]
        assert len(losses) == 2
        assert trial["value"] == pytest.approx(sum(losses) / 2)
    assert chosen["config"]["hidden_size"] == best["hidden_size"]
    assert chosen["config"]["pooling"] == json.loads(best["pooling"])
    # what is not searched stays
    assert chosen["config"]["stem_filters"] == CONFIG["stem_filters"]


def test_trials_stay_within_the_space(whole):
    trials = pd.read_csv(whole / "trials.tsv", sep="\t")
    assert trials["hidden_size"].between(2, 6).all()
    assert trials["learning_rate"].between(0.001, 0.1).all()
    assert {tuple(json.loads(text)) for text in trials["pooling"]} <= {("max",), ("max", "mean")}
    assert trials["learning_rate"].nunique() == 5
    assert set(SPACE) <= set(trials.columns)


def test_two_workers_at_once_share_the_budget_exactly(tables, tmp_path):
    runs = [Forked(worker(tables, tmp_path, k, trials=7, workers=2)) for k in (0, 1)]
    logs = [run.communicate()[1] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], logs
    _, path = choose_among(tmp_path, 0, 1, trials=7, workers=2)
    trials = pd.read_csv(path, sep="\t")
    assert len(trials) == 7
    assert set(trials["worker"]) == {0, 1}
    assert sum(log.count("learning_rate") for log in logs) == 7


def test_a_larger_budget_goes_on_from_the_trials_there_are(tables, whole, tmp_path, capfd):
    search(tables, tmp_path, trials=3)
    with pytest.raises(InputError, match="3 of 5 trials are done; run the workers again"):
        choose_among(tmp_path, 0)
    capfd.readouterr()
    assert search(tables, tmp_path) == (whole / "worker-0.tsv").read_text()
    assert capfd.readouterr().err.count("learning_rate") == 2
    # and a smaller one takes the first of them
    search(tables, tmp_path, trials=2)
    assert capfd.readouterr().err.count("learning_rate") == 0
    _, path = choose_among(tmp_path, 0, trials=2)
    assert len(pd.read_csv(path, sep="\t")) == 2


def test_killed_and_stopped_workers_go_on_where_they_were(tables, tmp_path):
    """The same trials as if nothing had happened."""
    (tmp_path / "whole").mkdir()
    whole = Forked(worker(tables, tmp_path / "whole", config=SLOW, trials=3))
    _, err = whole.communicate()
    assert whole.returncode == 0, err
    out = tmp_path / "killed"
    out.mkdir()
    words = worker(tables, out, config=SLOW, trials=3)
    for number, line in (
        (signal.SIGKILL, "trial 1 of 3:"),
        (signal.SIGTERM, "trial 2 of 3, inner fold 0:"),
        (signal.SIGKILL, "trial 3 of 3:"),
    ):
        run = Forked(words)
        said = []
        while not said or line not in said[-1]:
            said.append(run.stderr.readline())
            assert said[-1], said
        time.sleep(0.1)
        run.send_signal(number)
        said += run.communicate()[1].splitlines()
        if number == signal.SIGTERM:
            assert run.returncode == 75, said
            assert "run the same command again" in said[-1]
        else:
            assert run.returncode == -number
        assert not (out / "worker-0.tsv").exists()
    run = Forked(words)
    _, err = run.communicate()
    assert run.returncode == 0, err
    assert "resumes 1 unfinished trial" in err
    ours, theirs = (
        pd.read_csv(tmp_path / name / "worker-0.tsv", sep="\t").drop(columns="number")
        for name in ("killed", "whole")
    )
    pd.testing.assert_frame_equal(ours, theirs)
    assert len(ours) == 3
    # the checkpoint of the training under way is gone
    assert sorted(path.name for path in out.iterdir()) == ["study.journal", "worker-0.tsv"]


@pytest.mark.parametrize("changes", [{"fold": 1}, {"seed": 2}, {"inner_folds": 3}])
def test_another_study_finds_no_trial_of_this(tables, whole, tmp_path, capfd, changes):
    (tmp_path / "study.journal").write_bytes((whole / "study.journal").read_bytes())
    search(tables, tmp_path, trials=1, **changes)
    assert capfd.readouterr().err.count("learning_rate") == 1


def test_a_search_for_another_final_model_does_nothing(tables, tmp_path):
    selected = tmp_path / "selected.json"
    about = {"model": "lstm", "config": {"cell": "lstm"}, "epochs": 3, "metrics": {}}
    selected.write_text(json.dumps(about))
    search(tables, tmp_path, fold=None, selected=selected)
    assert not (tmp_path / "study.journal").exists()
    chosen, trials = choose_among(tmp_path, 0, fold=None, selected=selected)
    assert json.loads(chosen.read_text())["config"] is None
    assert len(pd.read_csv(trials, sep="\t")) == 0


def test_training_that_diverges_counts_and_is_not_chosen(tables, tmp_path):
    space = {"learning_rate": [1e30, 0.01]}
    search(tables, tmp_path, trials=4, space=space, seed=0)
    chosen, path = choose_among(tmp_path, 0, trials=4, space=space, seed=0)
    trials = pd.read_csv(path, sep="\t")
    gone = trials[trials["learning_rate"] == 1e30]
    assert len(trials) == 4
    assert len(gone) > 0
    assert set(gone["state"]) == {"pruned"}
    assert gone["why"].str.contains("lower learning_rate").all()
    assert json.loads(chosen.read_text())["searched"] == {"learning_rate": 0.01}


@pytest.mark.parametrize(("fold", "where"), [(1, "in fold 1"), (None, "on all records")])
def test_too_many_inner_folds_are_refused_with_the_name_of_the_fold(tmp_path, fold, where):
    sources = []
    for label in ("ACP", "Random"):
        path = tmp_path / f"{label}.fa"
        path.write_text(first_records(RESOURCES / "acp" / f"{label}.fa", 8))
        sources.append(Source(path, label))
    table = encode(tmp_path, sources)
    split_table(
        table,
        tmp_path / "folds.parquet",
        FoldsConfig(count=2, validation_fraction=0.2, seed=1, grouping="duplicates"),
    )
    with pytest.raises(InputError) as caught:
        search(tmp_path, tmp_path, fold=fold, inner_folds=20)
    assert str(caught.value).startswith(f"search {where}: there are ")
    assert "fold 0" not in str(caught.value)
