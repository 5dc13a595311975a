"""p-values against enumeration; matches of known motifs."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from bioseqrnn.motifs.comparison import align, excess
from bioseqrnn.motifs.distribution import score_tail
from bioseqrnn.motifs.tomtom import Database, Entry, _tails

RNG = np.random.default_rng(1)


def matrix(width, symbols=4, sharp=0.3, rng=RNG):
    return rng.dirichlet(np.full(symbols, sharp), width) * 0.98 + 0.02 / symbols


@pytest.mark.parametrize("symbols", [4, 5])
def test_score_tail_is_that_of_all_words(symbols):
    rng = np.random.default_rng(symbols)
    background = rng.dirichlet(np.full(symbols, 5.0))
    odds = np.log(matrix(4, symbols, rng=rng) / background)
    tail = score_tail(odds, background)
    words = list(itertools.product(range(symbols), repeat=4))
    scores = np.array([odds[np.arange(4), word].sum() for word in words])
    chances = np.array([background[list(word)].prod() for word in words])
    for score in np.quantile(scores, [0.1, 0.5, 0.9, 0.99, 1]):
        low, high = (chances[scores >= score + shift].sum() for shift in (0.02, -0.02))
        assert low - 1e-12 <= tail.p(np.array([score]))[0] <= high + 1e-12


def test_tails_of_column_sums_are_those_of_all_combinations():
    scores = np.random.default_rng(2).integers(0, 101, (3, 7))
    tails, places = _tails(scores)
    for first, last in ((0, 1), (0, 3), (1, 3)):
        sums = np.array([sum(c) for c in itertools.product(*scores[first:last])])
        for total in (0, 90, 150, 260):
            if total < 100 * (last - first):
                wanted = (sums >= total).mean()
                assert tails[places[first, last] + total] == pytest.approx(wanted)


def test_the_p_value_is_exact_for_one_alignment():
    """A query and entries of equal width, of which at least four columns must overlap."""
    entries = [Entry(str(i), str(i), matrix(4)) for i in range(8)]
    query = matrix(4)
    found = {match.entry.name: match.p for match in Database(entries, False).matches(query)}
    columns = np.concatenate([entry.frequencies for entry in entries])
    far = np.sqrt(((query[:, None] - columns[None]) ** 2).sum(axis=2))
    scores = np.rint(100 * (far.max() - far) / (far.max() - far.min())).astype(int)
    sums = scores[0]
    for row in scores[1:]:
        sums = (sums[:, None] + row[None]).ravel()
    for i in (0, 3, 7):
        own = sum(scores[column, 4 * i + column] for column in range(4))
        assert found[str(i)] == pytest.approx((sums >= own).mean(), rel=1e-6)


@pytest.mark.parametrize("reverse", [False, True])
def test_a_noisy_part_of_a_motif_matches_it_best(reverse):
    entries = [Entry(f"I{i}", f"M{i}", matrix(10)) for i in range(200)]
    wanted = entries[17].frequencies
    query = 0.8 * wanted[2:9] + 0.05
    if reverse:
        query = query[::-1, ::-1]
    best = Database(entries, True).matches(query)[0]
    assert best.entry.name == "M17"
    assert best.q < 0.05
    if reverse:
        assert Database(entries, False).matches(query)[0].p > best.p


def test_random_queries_rarely_match():
    rng = np.random.default_rng(5)
    database = Database([Entry(f"I{i}", f"M{i}", matrix(9, rng=rng)) for i in range(100)], True)
    found = [database.matches(matrix(8, rng=rng)) for _ in range(60)]
    assert np.mean([matches[0].q < 0.05 for matches in found]) < 0.12
    # p-values of all pairs are nearly uniform, on the safe side
    p = np.array([match.p for matches in found for match in matches])
    for level in (0.01, 0.1, 0.5):
        assert 0.4 * level < (p <= level).mean() < 1.25 * level


def test_proteins_are_compared_without_reverse_complement():
    entries = [Entry(f"I{i}", f"M{i}", matrix(8, 20, 0.1)) for i in range(40)]
    best = Database(entries, False).matches(entries[3].frequencies[1:7])[0]
    assert best.entry.name == "M3"
    assert best.q < 0.05


def test_alignment_finds_offset_and_strand():
    background = np.full(4, 0.25)
    first = excess(matrix(12), background)
    same = align(first, first[3:9], True)
    assert (same.offset, same.reverse) == (3, False)
    turned = align(first, first[3:9][::-1, ::-1], True)
    assert (turned.offset, turned.reverse) == (3, True)
    assert align(first, first, False).similarity == pytest.approx(1)
    assert align(first, np.zeros((3, 4)), True).similarity == -1
