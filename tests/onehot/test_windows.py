"""Counts as a product of two tables are the counts of words."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.preprocessing import normalize

from bioseqrnn.onehot.windows import gapped_counts
from bioseqrnn.onehot.words import count_words, gapped


def records(symbols, seed=1):
    """Records without a window, with ambiguous residues, with repeats, and one that is long."""
    rng = np.random.default_rng(seed)
    lengths = [0, 3, 5, 8, 40, 41, 90, 700]
    parts = [rng.integers(0, symbols + (i % 2), size=n) for i, n in enumerate(lengths)]
    # palindromes: a word and its reverse complement in one window
    parts += [np.tile([0, symbols - 1], 12), np.zeros(30, int), np.full(9, symbols)]
    offsets = np.concatenate([[0], np.cumsum([len(part) for part in parts])])
    return np.concatenate(parts).astype(np.uint8), offsets


@pytest.mark.parametrize(
    ("shape", "symbols", "both"),
    [((8, 6), 4, False), ((8, 6), 4, True), ((5, 3), 4, True), ((4, 2), 20, False)],
)
def test_the_product_is_the_table_of_scaled_counts(shape, symbols, both):
    codes, offsets = records(symbols)
    rng = np.random.default_rng(2)
    tables = gapped_counts(codes, offsets, shape, symbols, both)
    for centred, found in zip((False, True), tables, strict=True):
        span, patterns = shape[0], gapped(*shape)
        counts = count_words(codes, offsets, patterns, symbols, both, span=span, centred=centred)
        table = normalize(counts.astype(np.float64))
        assert found.shape == table.shape
        assert np.all((table.multiply(table)).sum(axis=1)[[4, 5, 6, 7, 8, 9]] > 0.99)
        for outputs in (0, 1, 2, 4, 5):
            weights = rng.normal(size=(table.shape[1], outputs))
            np.testing.assert_allclose(found.times(weights), table @ weights, atol=2e-6)
            values = rng.normal(size=(table.shape[0], outputs))
            np.testing.assert_allclose(found.turned_times(values), table.T @ values, atol=2e-6)


def test_both_ways_share_the_windows():
    codes, offsets = records(4)
    plain, centred = gapped_counts(codes, offsets, (8, 6), 4, True)
    assert plain.words is centred.words
    assert plain.windows.indices.dtype == np.int32
    assert np.shares_memory(plain.windows.indices, centred.windows.indices)
    # far fewer values than the table of words
    assert plain.windows.nnz < len(codes)


def test_a_dataset_without_any_window():
    plain, centred = gapped_counts(np.zeros(6, np.uint8), np.array([0, 3, 6]), (8, 6), 4, False)
    for table in (plain, centred):
        assert table.times(np.ones((table.shape[1], 2))).tolist() == [[0, 0], [0, 0]]
        assert not table.turned_times(np.ones((2, 1))).any()
