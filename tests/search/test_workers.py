from __future__ import annotations

import json
import signal
import subprocess
import time

import pandas as pd
import pytest
from conftest import run_command

from .conftest import CONFIG, SEARCH, SPACE, worker

# some seconds of training
SLOW = CONFIG | {"batch_size": 2, "epochs": 10}


def choose(out, *numbers, config=CONFIG, fold="0", **changes):
    words = [f"--choose={out / f'worker-{k}.tsv'}" for k in numbers]
    return run_command(
        "bioseqrnn", "search", *words, "--model", "gru_search", "--config", json.dumps(config),
        "--settings", json.dumps(SEARCH | changes), "--fold", fold, "--output", out / "chosen.json",
    )  # fmt: skip


@pytest.fixture(scope="module")
def whole(tables, tmp_path_factory):
    """A search by one worker that nothing disturbed."""
    out = tmp_path_factory.mktemp("whole")
    done = run_command(*worker(tables, out))
    assert done.code == 0, done.err
    assert choose(out, 0).code == 0
    return out


def test_one_worker_searches_the_same_every_time(tables, whole, tmp_path):
    assert run_command(*worker(tables, tmp_path)).code == 0
    assert (tmp_path / "worker-0.tsv").read_text() == (whole / "worker-0.tsv").read_text()


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
    runs = [
        subprocess.Popen(
            [str(word) for word in worker(tables, tmp_path, k, trials=7, workers=2)],
            stderr=subprocess.PIPE, text=True,
        )
        for k in (0, 1)
    ]  # fmt: skip
    logs = [run.communicate()[1] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], logs
    assert choose(tmp_path, 0, 1, trials=7, workers=2).code == 0
    trials = pd.read_csv(tmp_path / "trials.tsv", sep="\t")
    assert len(trials) == 7
    assert set(trials["worker"]) == {0, 1}
    assert sum(log.count("learning_rate") for log in logs) == 7


def test_a_larger_budget_goes_on_from_the_trials_there_are(tables, whole, tmp_path):
    assert run_command(*worker(tables, tmp_path, trials=3)).code == 0
    assert choose(tmp_path, 0).err.count("3 of 5 trials are done; run the workers again") == 1
    again = run_command(*worker(tables, tmp_path))
    assert again.err.count("learning_rate") == 2
    assert (tmp_path / "worker-0.tsv").read_text() == (whole / "worker-0.tsv").read_text()
    # and a smaller one takes the first of them
    assert run_command(*worker(tables, tmp_path, trials=2)).err.count("learning_rate") == 0
    assert choose(tmp_path, 0, trials=2).code == 0
    assert len(pd.read_csv(tmp_path / "trials.tsv", sep="\t")) == 2


def test_killed_and_stopped_workers_go_on_where_they_were(tables, tmp_path):
    """The same trials as if nothing had happened."""
    words = [str(word) for word in worker(tables, tmp_path / "whole", config=SLOW, trials=3)]
    (tmp_path / "whole").mkdir()
    subprocess.run(words, check=True, capture_output=True)
    out = tmp_path / "killed"
    out.mkdir()
    words = [str(word) for word in worker(tables, out, config=SLOW, trials=3)]
    for number, line in (
        (signal.SIGKILL, "trial 1 of 3:"),
        (signal.SIGTERM, "trial 2 of 3, inner fold 0:"),
        (signal.SIGKILL, "trial 3 of 3:"),
    ):
        run = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
        said = []
        while not said or line not in said[-1]:
            said.append(run.stderr.readline())
            assert said[-1], said
        time.sleep(0.2)
        run.send_signal(number)
        said += run.communicate()[1].splitlines()
        if number == signal.SIGTERM:
            assert run.returncode == 75, said
            assert "run the same command again" in said[-1]
        else:
            assert run.returncode == -number
        assert not (out / "worker-0.tsv").exists()
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    assert "goes on with 1 trial that was under way" in done.stderr
    ours, theirs = (
        pd.read_csv(tmp_path / name / "worker-0.tsv", sep="\t").drop(columns="number")
        for name in ("killed", "whole")
    )
    pd.testing.assert_frame_equal(ours, theirs)
    assert len(ours) == 3
    # the checkpoint of the training under way is gone
    assert sorted(path.name for path in out.iterdir()) == ["study.journal", "worker-0.tsv"]


def test_other_settings_find_no_trial_of_these(tables, whole, tmp_path):
    (tmp_path / "study.journal").write_bytes((whole / "study.journal").read_bytes())
    done = run_command(*worker(tables, tmp_path, fold="1", trials=2))
    assert done.err.count("learning_rate") == 2


def test_a_search_for_another_final_model_does_nothing(tables, tmp_path):
    selected = tmp_path / "selected.json"
    selected.write_text('{"model": "lstm"}')
    words = [word for word in worker(tables, tmp_path) if word not in ("--fold", "0")]
    # the worker's own number was among them
    words.insert(words.index("--worker") + 1, "0")
    done = run_command(*words, "--selected", selected)
    assert done.code == 0, done.err
    assert not (tmp_path / "study.journal").exists()
    words = [f"--choose={tmp_path / 'worker-0.tsv'}", "--model", "gru_search"]
    words += ["--settings", json.dumps(SEARCH), "--selected", selected]
    done = run_command("bioseqrnn", "search", *words, "--output", tmp_path / "chosen.json")
    assert done.code == 0, done.err
    assert json.loads((tmp_path / "chosen.json").read_text())["config"] is None
