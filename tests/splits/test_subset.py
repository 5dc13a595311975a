from __future__ import annotations

import numpy as np
import pytest

from bioseqrnn.config.folds import FoldsConfig
from bioseqrnn.splits.subset import nested_places, read_subset, subset
from bioseqrnn.stages.folds.run import split_table
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.folds import read_roles

FRACTIONS = (0.05, 0.1, 0.25, 0.5, 0.9)


def records(seed, rare=0.1):
    """Classes of 600 records, of which the third is rare, in groups of one to four records."""
    rng = np.random.default_rng(seed)
    strata = rng.choice(3, 600, p=[0.6, 0.4 - rare, rare])
    groups = np.repeat(np.arange(600), rng.integers(1, 5, 600))[:600]
    return strata, rng.permutation(groups) * 7 + 3


@pytest.mark.parametrize("seed", range(4))
def test_shares_are_nested_and_keep_groups_and_balance(seed):
    strata, groups = records(seed)
    rows = np.arange(600)
    before = np.zeros(0, np.int64)
    for fraction in FRACTIONS:
        taken = subset(rows, strata, groups, fraction, seed)
        assert set(before) <= set(taken)
        assert not set(groups[taken]) & set(groups[np.setdiff1d(rows, taken)])
        assert len(taken) == pytest.approx(fraction * 600, abs=12)
        shares = np.bincount(strata[taken], minlength=3) / np.bincount(strata)
        if fraction >= 0.25:
            assert shares == pytest.approx([fraction] * 3, abs=0.12)
        before = taken
    assert np.array_equal(subset(rows, strata, groups, 1.0, seed), rows)


@pytest.mark.parametrize("seed", range(4))
def test_the_smallest_share_has_every_class(seed):
    strata, groups = records(seed, rare=0.005)
    # a label that stands only where a rarer one does
    labels = np.column_stack([strata == 0, strata == 2, strata == 2]).astype(float)
    labels[np.flatnonzero(strata == 2)[0], 2] = 0
    rows = np.arange(600)
    assert set(strata[subset(rows, strata, groups, 0.01, seed)]) == {0, 1, 2}
    assert (labels[subset(rows, labels, groups, 0.01, seed)].sum(axis=0) > 0).all()


def test_places_differ_by_seed_and_are_those_of_a_group():
    strata, groups = records(0)
    one, again, other = (nested_places(strata, groups, seed) for seed in (1, 1, 2))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)
    for group in np.unique(groups)[:50]:
        assert len(np.unique(one[groups == group])) == 1
    assert one.min() == 0
    assert one.max() < 1


def test_a_share_of_a_fold(acp, tmp_path):
    """Of those that train and of those that validate, and of nothing else."""
    folds = tmp_path / "folds.parquet"
    split_table(
        acp, folds, FoldsConfig(count=3, validation_fraction=0.2, seed=1, grouping="duplicates")
    )
    train, validation, _ = read_roles(folds, acp, 1)
    small = read_subset(folds, acp, (train, validation), 0.25, 1)
    for part, whole in zip(small, (train, validation), strict=True):
        assert set(part) < set(whole)
        assert len(part) == pytest.approx(len(whole) / 4, rel=0.1)
        assert (np.diff(part) > 0).all()
        assert set(acp.targets[part]) == {0, 1}
    with pytest.raises(InputError, match="the fraction 0 is not allowed"):
        read_subset(folds, acp, (train, validation), 0.0, 1)
