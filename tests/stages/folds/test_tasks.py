"""Every task is dealt so that folds have alike what its labels are made of."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import encode
from hypothesis import given
from hypothesis import strategies as st

from bioseqrnn.config.folds import FoldsConfig
from bioseqrnn.fasta.sources import Source
from bioseqrnn.splits.assign import assign_roles
from bioseqrnn.splits.deal import deal_groups
from bioseqrnn.splits.inner import inner_folds
from bioseqrnn.stages.folds.groups import merge_groups
from bioseqrnn.stages.folds.run import split_table, strata_of
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.folds import read_folds, read_tested


def shares(strata, part, parts=5):
    """Share of each class that each part got: [parts, classes]."""
    sums = np.stack([strata[part == k].sum(axis=0) for k in range(parts)])
    return sums / strata.sum(axis=0)


def test_each_label_is_spread_evenly_also_rare_ones():
    rng = np.random.default_rng(0)
    labels = (rng.random((3000, 6)) < [0.5, 0.3, 0.1, 0.05, 0.02, 0.01]).astype(float)
    labels = np.column_stack([labels, ~labels.any(axis=1)])
    groups = merge_groups(rng.integers(0, 2500, 3000))
    part = deal_groups(labels, groups, np.full(5, 0.2), seed=1)
    assert all(len(set(part[groups == g])) == 1 for g in np.unique(groups))
    found = shares(labels, part)
    assert np.abs(found[:, labels.sum(axis=0) > 100] - 0.2).max() < 0.02
    counts = found * labels.sum(axis=0)
    assert np.abs(counts - counts.mean(axis=0)).max() <= 5
    assert np.bincount(part) == pytest.approx(np.full(5, 600), abs=20)


def test_residues_of_each_class_are_spread_evenly_over_folds():
    rng = np.random.default_rng(1)
    length = rng.integers(50, 2000, 400)
    share = rng.dirichlet([2, 1, 0.2], 400)
    residues = np.round(share * length[:, None])
    part = deal_groups(residues, np.arange(400), np.full(5, 0.2), seed=1)
    assert np.abs(shares(residues, part) - 0.2).max() < 0.02


def test_numbers_are_dealt_by_their_tenths(tmp_path):
    rng = np.random.default_rng(2)
    values = np.exp(rng.normal(size=200))
    texts = ["".join(rng.choice(list("ACGT"), 40)) for _ in values]
    (tmp_path / "x.fa").write_text("".join(f">{i}\n{t}\n" for i, t in enumerate(texts)))
    rows = "".join(f"{i}\t{value:.6f}\n" for i, value in enumerate(values))
    (tmp_path / "labels.tsv").write_text("id\tlabel\n" + rows)
    source = Source(tmp_path / "x.fa", labels=tmp_path / "labels.tsv")
    table = encode(tmp_path, [source], task="regression")
    strata, classes = strata_of(table)
    assert classes is None
    assert np.bincount(strata).tolist() == [20] * 10
    split_table(
        table,
        tmp_path / "f.parquet",
        FoldsConfig(count=5, validation_fraction=0.1, seed=1, grouping="duplicates"),
    )
    folds = read_folds(tmp_path / "f.parquet", table)
    for k in range(5):
        assert np.bincount(strata[folds.fold == k]).tolist() == [4] * 10
        inside = values[folds.roles[:, k] == "validation"]
        assert len(inside) in range(14, 22)
        assert inside.min() < np.quantile(values, 0.2)
        assert inside.max() > np.quantile(values, 0.8)


@given(st.data())
def test_any_counts_are_dealt_whole(data):
    n, parts = data.draw(st.integers(4, 60)), data.draw(st.integers(2, 4))
    size = st.lists(st.integers(0, 3), min_size=3, max_size=3)
    counts = np.array(data.draw(st.lists(size, min_size=n, max_size=n)), float)
    groups = merge_groups(np.array(data.draw(st.lists(st.integers(0, n), min_size=n, max_size=n))))
    part = deal_groups(counts, groups, np.full(parts, 1 / parts), seed=1)
    assert part.min() >= 0
    assert part.max() < parts
    assert all(len(set(part[groups == g])) == 1 for g in groups)


def test_codes_and_their_indicators_are_dealt_as_evenly():
    rng = np.random.default_rng(4)
    targets = rng.choice(3, 700, p=[0.7, 0.2, 0.1])
    groups = merge_groups(rng.integers(0, 500, 700))
    for strata in (targets, np.eye(3)[targets]):
        part = deal_groups(strata, groups, np.full(5, 0.2), seed=1)
        assert np.abs(shares(np.eye(3)[targets], part) - 0.2).max() < 0.02


def test_inner_folds_hold_out_every_training_record_once_and_touch_no_test_record(splice, tmp_path):
    split_table(
        splice,
        tmp_path / "f.parquet",
        FoldsConfig(count=5, validation_fraction=0.1, seed=1, grouping="homology"),
    )
    folds = read_folds(tmp_path / "f.parquet", splice)
    inner = inner_folds(folds.roles, folds.groups, splice.targets, fold=2, count=3, seed=7)
    inside = folds.roles[:, 2] != "test"
    assert (inner[~inside] == -1).all()
    assert set(inner[inside]) == {0, 1, 2}
    for k in range(3):
        assert set(folds.groups[inner == k]).isdisjoint(folds.groups[inside & (inner != k)])
        for code in range(3):
            of_class = inside & (splice.targets == code)
            assert abs((inner[of_class] == k).sum() - of_class.sum() / 3) <= 2
    again = inner_folds(folds.roles, folds.groups, splice.targets, fold=2, count=3, seed=7)
    other = inner_folds(folds.roles, folds.groups, splice.targets, fold=2, count=3, seed=8)
    assert np.array_equal(inner, again)
    assert not np.array_equal(inner, other)


def test_records_that_a_fold_leaves_out_are_in_no_inner_fold():
    roles = np.array(["train"] * 8 + ["test", "excluded"])[:, None]
    inner = inner_folds(roles, np.arange(10), np.zeros(10, np.int64), fold=0, count=2, seed=1)
    assert np.bincount(inner[:8]).tolist() == [4, 4]
    assert inner[8:].tolist() == [-1, -1]
    with pytest.raises(
        InputError, match="there are 8 groups in the training records, fewer than 9"
    ):
        inner_folds(roles, np.arange(10), np.zeros(10, np.int64), fold=0, count=9, seed=1)


def test_repeats_begin_with_the_folds_of_one_and_are_read_back(acp, tmp_path):
    settings = {"count": 3, "validation_fraction": 0.2, "seed": 1, "grouping": "duplicates"}
    split_table(acp, tmp_path / "one.parquet", FoldsConfig(**settings))
    split_table(acp, tmp_path / "three.parquet", FoldsConfig(**settings, repeats=3))
    one, three = (read_folds(tmp_path / f"{name}.parquet", acp) for name in ("one", "three"))
    assert (one.count, three.count) == (3, 9)
    assert np.array_equal(one.roles, three.roles[:, :3])
    assert np.array_equal(one.fold, three.fold)
    tested = read_tested(tmp_path / "three.parquet")
    assert tested.ids == acp.ids
    for k in range(9):
        assert tested.repeat(k) == k // 3
        assert np.array_equal(tested.by(k) == k, three.roles[:, k] == "test")


def test_a_class_of_one_family_cannot_train_and_test():
    targets = np.repeat([0, 1], [50, 10])
    groups = np.concatenate([np.arange(50), np.full(10, 50)])
    with pytest.raises(InputError, match="class 'b' has 10 records but only 1 group of"):
        assign_roles(targets, groups, ["a", "b"], folds=3, validation_fraction=0.1, seed=1)
