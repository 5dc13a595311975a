"""The comparison of ways to combine, on prediction tables of made-up quality."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.combination import (
    BEST,
    EQUAL,
    OURS,
    SIMPLEX,
    WAYS,
    Sample,
    drawn,
    losses_of,
    main,
    measure,
    ours,
    read_cases,
    simplex,
)
from made_predictions import Made, dataset, made_scores

from bioseqrnn.metrics import combination
from bioseqrnn.support.errors import InputError
from bioseqrnn.tasks import task_of

DEFAULT = OURS.format(combination.SUM_DEVIATION, combination.WEIGHT_DEVIATION)


def results(folder, task="multiclass", n=360, test=1.0, **options):
    """A folder as the workflow leaves it: two networks, three baselines."""
    folder.mkdir(parents=True)
    made = Made(folder, dataset(folder, task, n), **options)
    for name, kind, quality in (
        ("gru", "network", 0.6),
        ("rnn", "network", 0.1),
        ("kmer_logistic", "baseline", 0.7),
        ("pwm", "baseline", 0.5),
        ("majority", "baseline", 0.0),
    ):
        loss = 0.5 if name == "gru" else 0.8
        made.add(name, kind, {"validation": quality, "test": quality * test}, loss)
    (folder / "network").rename(folder / "models")
    for path in (folder / "baseline").glob("*/fold-*/seed-1/predictions.parquet"):
        parts = path.relative_to(folder / "baseline").parts
        to = folder / "baselines" / parts[0] / parts[1] / parts[3]
        to.parent.mkdir(parents=True, exist_ok=True)
        path.rename(to)
    return folder


def sample(qualities, n, seed=1, task="binary"):
    """Members that know the classes of n records as well as the qualities say."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 2, n)

    class Table:
        targets, classes = truth, ["a", "b"]

    Table.task = task_of(task)
    members = [made_scores(Table, np.arange(n), quality, rng) for quality in qualities]
    return Sample(Table.task, truth, members, np.arange(n))


def test_the_members_are_those_that_the_evaluation_combines(tmp_path):
    folder = results(tmp_path / "a", repeats=2)
    cases = read_cases(folder)
    assert [case.fold for case in cases] == list(range(6))
    for case in cases:
        # the network with the lower validation loss, and no majority
        assert len(case.sample.members) == 3
        assert len(case.groups) == case.sample.records == len(case.sample.truth)


@pytest.mark.parametrize(
    "task", ["binary", "multiclass", "multilabel", "regression", "per_position"]
)
def test_every_way_has_a_loss_in_every_task(tmp_path, task):
    cases = read_cases(results(tmp_path / "a", task, n=150))
    found = measure(cases, 2, 1)
    assert np.isfinite(found["loss"]).all()
    ways = found.groupby(["size", "fold", "draw"])["way"].agg(list)
    assert all(names == list(WAYS) for names in ways)
    assert len(ways["half"]) == 3 * 2
    # every record is a group of its own here, so as many are drawn as were asked for
    halves = {case.fold: len(case.groups) // 2 for case in cases}
    drawn_records = found[found["size"] == "half"]
    assert (drawn_records["records"] == drawn_records["fold"].map(halves)).all()


def test_tables_are_the_same_whatever_the_test_records_are(tmp_path, capsys):
    texts = []
    for name, test in (("a", 1.0), ("b", 5.0)):
        assert main([str(results(tmp_path / name / "set", test=test)), "--draws", "2"]) == 0
        texts.append(capsys.readouterr().out)
    assert texts[0] == texts[1]
    head, _, table, _, *rows = texts[0].splitlines()
    assert head == "set: 3 folds and seeds with 48 validation records, 3 methods"
    assert table == "| weights | 10 (drawn: 10) | half (drawn: 24) |"
    losses = {cells[1].strip(): float(cells[3]) for row in rows if (cells := row.split("|"))[1:]}
    assert list(losses) == list(WAYS)
    # three methods that make different mistakes know more than one of them
    assert max(losses[EQUAL], losses[SIMPLEX], losses[DEFAULT]) < losses[BEST]


def test_several_sets_are_compared_by_the_ratio_to_equal_weights(tmp_path, capsys):
    folders = [str(results(tmp_path / name, n=n)) for name, n in (("a", 150), ("b", 360))]
    assert main([*folders, "--draws", "1"]) == 0
    last = capsys.readouterr().out.split("all sets:\n\n")[1].splitlines()
    assert last[0] == "| weights | 10 (1 sets) | half (2 sets) |"
    assert f"| {EQUAL} | 1.000 | 1.000 |" in last


def test_whole_groups_are_drawn_and_not_too_many():
    groups = np.repeat(np.arange(20), np.arange(1, 21))
    seen = set()
    for seed in range(20):
        inside = drawn(groups, 30, np.random.default_rng(seed))
        assert 20 <= inside.sum() <= 30
        assert not set(groups[inside]) & set(groups[~inside])
        seen |= set(groups[inside])
    assert len(seen) > 15


def test_loss_is_measured_on_the_records_that_were_not_drawn():
    whole = sample([0.5, 0.5], 100)
    inside = np.arange(100) < 50
    before = dict(losses_of(whole, inside))
    changed = Sample(
        whole.task, np.where(inside, whole.truth, 1 - whole.truth), whole.members, whole.record
    )
    after = dict(losses_of(changed, inside))
    assert all(after[way] > before[way] + 0.1 for way in WAYS)


def test_simplex_is_led_by_few_records_less_than_by_many():
    few, many = (simplex(sample([0.5, 0.0], n)).weights for n in (4, 4000))
    shares = [weights[0] / weights.sum() for weights in (few, many)]
    assert 0.4 < shares[0] < 0.8
    assert shares[1] > 0.95
    # these probabilities are right as they are
    assert many.sum() == pytest.approx(1, abs=0.1)


def test_deviations_are_those_asked_for_and_only_in_the_benchmark():
    before = (combination.SUM_DEVIATION, combination.WEIGHT_DEVIATION)
    part = sample([1.5, 0.0], 10)
    spread = [np.ptp(ours(0.5, deviation)(part).weights) for deviation in (0.25, 0.5, 1.0)]
    assert spread[0] < spread[1] < spread[2]
    assert before == (combination.SUM_DEVIATION, combination.WEIGHT_DEVIATION)
    assert DEFAULT in WAYS


def test_a_run_that_is_not_finished_is_refused(tmp_path, capsys):
    folder = results(tmp_path / "a", n=150)
    (folder / "baselines" / "pwm" / "fold-1" / "predictions.parquet").unlink()
    with pytest.raises(InputError, match="no predictions of pwm, fold 1"):
        read_cases(folder)
    assert main([str(tmp_path / "none")]) == 2
    assert "no predictions; give the results of a dataset" in capsys.readouterr().err
