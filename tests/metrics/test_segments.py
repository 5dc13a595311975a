"""Segment measures against plain loops over segments."""

from __future__ import annotations

from itertools import groupby

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bioseqrnn.metrics.segments import COUNT, FOUND, LENGTH, OVERLAP, segment_terms


def sums(truth, called):
    """Terms of several sequences, given as text, summed."""
    first = np.concatenate([np.arange(len(t)) == 0 for t in truth])
    codes = [np.array([ord(c) for c in "".join(words)]) for words in (truth, called)]
    terms = segment_terms(*codes, first)
    return np.bincount(terms.rows, terms.values, 4)


def runs(text):
    place, found = 0, []
    for letter, letters in groupby(text):
        size = len(list(letters))
        found.append((letter, place, place + size))
        place += size
    return found


def slow(truth, called):
    """SOV (Zemla et al. 1999) and found segments, as they are written down."""
    result = np.zeros(4)
    for t, c in zip(truth, called, strict=True):
        result[COUNT] += len(runs(t)) + len(runs(c))
        for letter, a, b in runs(t):
            partners = [
                (x, y) for other, x, y in runs(c) if other == letter and min(b, y) > max(a, x)
            ]
            result[LENGTH] += (b - a) * max(1, len(partners))
            for x, y in partners:
                shared, union = min(b, y) - max(a, x), max(b, y) - min(a, x)
                slack = min(union - shared, shared, (b - a) // 2, (y - x) // 2)
                result[OVERLAP] += (shared + slack) / union * (b - a)
                result[FOUND] += 2 * (shared / union > 0.5)
    return result


@given(
    pairs=st.lists(
        st.integers(1, 25).flatmap(
            lambda n: st.tuples(
                *(st.text("HEC", min_size=n, max_size=n) for _ in range(2)),
            )
        ),
        min_size=1,
        max_size=4,
    )
)
@settings(deadline=None)
def test_they_are_the_definitions(pairs):
    truth, called = [t for t, _ in pairs], [c for _, c in pairs]
    assert sums(truth, called) == pytest.approx(slow(truth, called))


def test_a_perfect_call_and_a_wrong_one():
    perfect = sums(["HHHCCC", "H"], ["HHHCCC", "H"])
    assert perfect[OVERLAP] == perfect[LENGTH] == 7
    assert perfect[FOUND] == perfect[COUNT] == 6
    wrong = sums(["HHHH"], ["CCCC"])
    assert wrong[OVERLAP] == wrong[FOUND] == 0


def test_an_end_that_is_off_by_one_is_forgiven_by_the_overlap():
    """SOV's example: allowed slack at the ends of a segment."""
    found = sums(["CCHHHHHHCC"], ["CCCHHHHHCC"])
    assert found[OVERLAP] == pytest.approx(found[LENGTH])


def test_a_segment_does_not_go_on_in_the_next_sequence():
    assert sums(["HH", "HH"], ["HH", "HH"])[COUNT] == 4
