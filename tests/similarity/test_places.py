"""Windows of a genome: those that are near each other, compared with a look at all pairs."""

from __future__ import annotations

import numpy as np
import pytest

from bioseqrnn.similarity.places import Places
from bioseqrnn.splits.components import connected


def draw(seed, distance, count=80):
    rng = np.random.default_rng(seed)
    chrom, start = rng.integers(-1, 4, count), rng.integers(0, 400, count)
    return Places(chrom, start, start + rng.integers(1, 40, count), distance)


def all_pairs(places):
    """Whether two records are near each other, by the definition: bool [n, n]."""
    same = (places.chrom[:, None] == places.chrom) & (places.chrom >= 0)
    between = np.maximum(places.start[:, None], places.start) - np.minimum(
        places.end[:, None], places.end
    )
    return same & (between < places.distance)


@pytest.mark.parametrize("distance", [0, 1, 15])
@pytest.mark.parametrize("seed", range(4))
def test_near_and_connected_as_by_all_pairs(seed, distance):
    places = draw(seed, distance)
    near, count = all_pairs(places), len(places.chrom)
    first, second, closeness = places.edges()
    assert near[first, second].all()
    assert len(first) < count
    group = connected(first, second, count)
    expected = connected(*np.nonzero(near), count)
    assert ((group[:, None] == group) == (expected[:, None] == expected)).all()
    overlapping = all_pairs(Places(places.chrom, places.start, places.end, 0))
    assert ((closeness > 0) == overlapping[first, second]).all()
    assert (closeness <= 1).all()
    chosen = np.random.default_rng(seed).random(count) < 0.1
    assert (places.near(chosen) == (near[:, chosen].any(axis=1) | chosen)).all()


def test_touching_windows_are_near_only_where_asked():
    start = np.array([0, 100, 250])
    for distance, expected in ((0, []), (1, [(0, 1)]), (51, [(0, 1), (1, 2)])):
        places = Places(np.zeros(3, np.int64), start, start + 100, distance)
        first, second, _ = places.edges()
        assert list(zip(first.tolist(), second.tolist(), strict=True)) == expected


def test_no_window_at_all():
    none = np.full(3, -1)
    places = Places(none, none, none, 0)
    assert [len(part) for part in places.edges()] == [0, 0, 0]
    assert places.near(np.array([True, False, False])).tolist() == [True, False, False]
