from __future__ import annotations

import pytest
from optuna.distributions import FloatDistribution
from optuna.trial import TrialState

from bioseqrnn.stages.search import study as module
from bioseqrnn.stages.search.study import (
    counted,
    next_trial,
    open_study,
    queue_own,
    retry_unfinished,
)

SEARCHED = {"dropout": FloatDistribution(0, 1)}


@pytest.fixture
def study(tmp_path):
    return open_study(tmp_path / "study.journal", "name", prune=False)


def claim(study, worker=0, budget=3):
    return next_trial(study, SEARCHED, budget=budget, seed=1, worker=worker)


def test_claims_end_with_the_budget(study):
    claimed = [claim(study, worker) for worker in (0, 1, 0, 1)]
    assert [trial is not None for trial in claimed] == [True, True, True, False]
    assert len(counted(study)) == 3


def test_of_two_claims_of_the_last_trial_one_is_kept(study, tmp_path, monkeypatch):
    """Another worker claims between this one's look at the journal and its claim."""
    other = open_study(tmp_path / "study.journal", "name", prune=False)
    ask = type(study).ask

    def late(self, *words):
        if self is study:
            assert claim(other, 1, budget=1) is not None
        return ask(self, *words)

    monkeypatch.setattr(type(study), "ask", late)
    assert claim(study, 0, budget=1) is None
    assert [trial.user_attrs["worker"] for trial in counted(study)] == [1]


def test_a_trial_whose_worker_died_unnamed_is_given_up(study, monkeypatch):
    monkeypatch.setattr(module, "NAMELESS_SECONDS", 0.0)
    study.ask(SEARCHED)
    assert claim(study, budget=1) is not None
    assert len(counted(study)) == 1
    assert claim(study, budget=1) is None


def test_unfinished_trials_are_made_again_with_their_values(study):
    mine, others, gone = claim(study, 0, 4), claim(study, 1, 4), claim(study, 7, 4)
    mine.set_user_attr("done", [[0.5, 3]])
    assert retry_unfinished(study, 0, workers=2) == 2
    again = [claim(study, 0, 4), claim(study, 0, 4)]
    assert [trial.params for trial in again] == [mine.params, gone.params]
    assert again[0].user_attrs["done"] == [[0.5, 3]]
    assert study.trials[others.number].state == TrialState.RUNNING
    assert len(counted(study)) == 3
    assert retry_unfinished(study, 1, workers=2) == 1


def test_own_settings_are_tried_once(study):
    for _ in range(2):
        queue_own(study, {"dropout": 0.25})
    first, second = claim(study), claim(study)
    assert first.params == {"dropout": 0.25}
    assert second.params != first.params


def test_half_a_line_at_the_end_of_a_journal_is_cut_off(study, tmp_path):
    claim(study)
    path = tmp_path / "study.journal"
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"op_code":5,"tri')
    again = open_study(path, "name", prune=False)
    assert path.read_bytes().startswith(whole)
    assert len(counted(again)) == 1
    assert claim(again) is not None
    assert len(counted(open_study(path, "name", prune=False))) == 2


def test_draws_depend_on_the_trial_and_not_on_the_process(tmp_path):
    values = []
    for restarts in (False, True):
        path = tmp_path / f"{restarts}.journal"
        study = open_study(path, "name", prune=False)
        for k in range(12):
            if restarts:
                study = open_study(path, "name", prune=False)
            trial = claim(study, budget=12)
            study.tell(trial, (trial.params["dropout"] - 0.3) ** 2 + 0.01 * k)
        values.append([trial.params["dropout"] for trial in study.trials])
    assert values[0] == values[1]
    assert len(set(values[0])) == 12


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "no journal\n",
        lambda text: '{"op_code": 0}\n' + text,
        lambda text: text + '{"op_code": 4, "worker_id": "x"}\n',
        lambda text: text.replace('"op_code"', '"code"', 1),
        lambda text: "[1, 2]\n",
        lambda text: '{"op_code": "0", "worker_id": 7}\n',
    ],
)
def test_a_damaged_journal_is_put_aside(tmp_path, capfd, damage):
    journal = tmp_path / "study.journal"
    open_study(journal, "one", prune=False).ask()
    text = damage(journal.read_text())
    journal.write_text(text)
    for _ in range(2):
        open_study(journal, "one", prune=False).ask()
    assert capfd.readouterr().err.count("study.journal is damaged") == 1
    assert (tmp_path / "study.journal.damaged").read_text().startswith(text)
