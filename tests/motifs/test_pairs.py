"""Pairs of motifs: a planted distance is found, and nothing where places are independent."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import fisher_exact

from bioseqrnn.motifs.pairs import Placed, best_places, motif_pairs
from bioseqrnn.stages.explanation.pairs import corrected

WIDTHS = (8, 6)


def made(n=600, *, length=(120, 120), share=0.0, gap=12, jitter=0, opposite=False, seed=1,
         joint=0.25, both=True, place=None):  # fmt: skip
    """Places of two motifs; ``share`` of the records that have both have them ``gap`` apart.

    Each motif is in half of the records, and both are in ``joint`` of all.
    """
    rng = np.random.default_rng(seed)
    lengths = rng.integers(length[0], length[1] + 1, n)
    kinds = rng.choice(4, n, p=[joint, 0.5 - joint, 0.5 - joint, joint])
    rows: list[list[tuple[int, int, int]]] = [[], []]
    for record in range(n):
        size = int(lengths[record])
        strands = rng.integers(0, 2, 2) if both else (0, 0)
        starts = [int(rng.integers(0, size - w + 1)) for w in WIDTHS]
        if place is not None:
            starts = [at if at >= 0 else size + at for at in place]
        if kinds[record] == 0 and rng.random() < share:
            apart = WIDTHS[0] + gap + int(rng.integers(-jitter, jitter + 1))
            whole = apart + WIDTHS[1]
            begin = int(rng.integers(0, size - whole - 2 * jitter))
            strands = (strands[0], strands[0] ^ int(opposite))
            starts = [begin, begin + apart]
            if strands[0]:
                # the pair on the other strand
                starts = [begin + whole - WIDTHS[0], begin]
        for i, kind in enumerate((1, 2)):
            if kinds[record] in (0, kind):
                rows[i].append((record, starts[i], strands[i]))
    placed = [
        Placed(*np.array(part, np.int64).T, width) for part, width in zip(rows, WIDTHS, strict=True)
    ]
    return placed, lengths, np.zeros(n, np.int64)


@pytest.mark.parametrize("opposite", [False, True])
@pytest.mark.parametrize(("jitter", "share"), [(0, 0.3), (2, 0.6)])
def test_a_planted_distance_is_found(jitter, share, opposite):
    placed, lengths, strata = made(share=share, jitter=jitter, opposite=opposite, length=(90, 150))
    (pair,) = motif_pairs(placed, lengths, strata, True)
    found = pair.spacing
    # 8 columns and 12 residues between: the second motif begins 20 residues after the first
    assert found.low <= 20 <= found.high
    assert found.high - found.low == 2 * jitter
    assert found.opposite == opposite
    assert found.p < 1e-6
    assert found.expected < 0.2 * found.records


def test_a_motif_before_the_other_one_and_on_one_strand():
    placed, lengths, strata = made(share=0.4, both=False)
    (pair,) = motif_pairs(placed[::-1], lengths, strata, False)
    assert (pair.spacing.low, pair.spacing.high, pair.spacing.opposite) == (-20, -20, False)


def test_a_planted_distance_near_chance_is_not_found_in_independent_places():
    p = []
    for seed in range(40):
        placed, lengths, strata = made(300, length=(60, 140), seed=seed)
        (pair,) = motif_pairs(placed, lengths, strata, True)
        p.append(pair.spacing.p if pair.spacing else 1.0)
    # p-values: at most their number below each level, but for the scatter of 40 draws
    assert sum(value < 0.05 for value in p) <= 5
    assert min(p) > 1e-4


@pytest.mark.parametrize("place", [(10, 40), (-60, -30), (10, -30)])
def test_motifs_at_fixed_places_keep_their_distance_by_chance(place):
    placed, lengths, strata = made(length=(100, 140), place=place, both=False)
    (pair,) = motif_pairs(placed, lengths, strata, False)
    assert pair.spacing is None or pair.spacing.p > 0.05


def test_common_records_are_counted_as_by_fisher():
    placed, lengths, strata = made(400, joint=0.35, length=(2000, 2000))
    held = [np.isin(np.arange(400), one.records) for one in placed]
    (pair,) = motif_pairs(placed, lengths, strata, True)
    # in so long records places hardly ever overlap
    assert pair.records == pytest.approx((held[0] & held[1]).sum(), abs=2)
    table = [[(held[0] == a)[held[1] == b].sum() for a in (True, False)] for b in (True, False)]
    table[0][0], lost = pair.records, table[0][0] - pair.records
    if not lost:
        assert pair.p == pytest.approx(fisher_exact(table, "greater").pvalue)
    assert pair.p < 1e-4
    assert pair.expected == pytest.approx(held[0].sum() * held[1].sum() / 400)


def test_motifs_of_one_class_are_not_a_pair_for_that():
    # both are in the first half only, independent of each other there
    rng = np.random.default_rng(3)
    placed = [
        Placed(own := np.flatnonzero(rng.random(500) < 0.5), np.full(len(own), at),
               np.zeros(len(own), np.int64), 8)
        for at in (10, 50)
    ]  # fmt: skip
    lengths, classes = np.full(1000, 100), np.repeat([0, 1], 500)
    (apart,) = motif_pairs(placed, lengths, classes, False)
    (together,) = motif_pairs(placed, lengths, np.zeros(1000, np.int64), False)
    assert together.p < 1e-10
    assert apart.p > 0.01


def test_many_common_records_give_nearly_the_exact_probability(monkeypatch):
    placed, lengths, strata = made(2000, joint=0.27)
    (exact,) = motif_pairs(placed, lengths, strata, True)
    monkeypatch.setattr("bioseqrnn.motifs.pairs.EXACT", 0)
    (normal,) = motif_pairs(placed, lengths, strata, True)
    assert normal.expected == exact.expected
    assert normal.p == pytest.approx(exact.p, rel=0.2, abs=1e-4)


def test_the_best_places_of_each_record():
    records = np.array([2, 2, 2, 2, 5, 7, 7])
    scores = np.array([1.0, 4, 3, 2, 1, 1, 2])
    assert best_places(records, scores, 2).tolist() == [1, 2, 4, 5, 6]
    assert len(best_places(records[:0], scores[:0])) == 0


def test_no_pairs_have_no_corrected_values():
    assert len(corrected(np.zeros(0))) == 0
    assert motif_pairs([], np.array([5]), np.array([0]), False) == []
