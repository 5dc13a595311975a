"""Motifs that contributions point to are found, at the right places, and nothing else."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from planted import PROTEIN, planted, spelled

from bioseqrnn.motifs import seqlets
from bioseqrnn.motifs.find import find_motifs
from bioseqrnn.motifs.occurrences import Scanner
from bioseqrnn.motifs.seqlets import Encoded
from bioseqrnn.motifs.stability import stability


def places(motif, records):
    """Record and first residue of each site."""
    starts = motif.sites.starts - records.offsets[motif.sites.records]
    return set(zip(motif.sites.records.tolist(), starts.tolist(), strict=True))


def test_a_motif_on_both_strands_is_found_once_and_where_it_is():
    records, values, truth = planted(["TGACTCAGCA"], both=True)
    (motif,), looked = find_motifs(records, values)
    text = spelled(motif)
    other = text[::-1].translate(str.maketrans("ACGT", "TGCA"))
    assert "TGACTCAGCA" in (text, other)
    assert (motif.kind, motif.sign, motif.output) == ("pattern", 1, 0)
    wanted = {(record, start) for record, start, _ in truth["TGACTCAGCA"]}
    found = places(motif, records)
    assert len(found & wanted) >= 0.9 * len(wanted)
    assert len(found - wanted) <= 0.1 * len(found)
    assert motif.contribution == pytest.approx(10 * 0.5 * np.exp(0.045), rel=0.1)
    assert 0.3 < motif.sites.reverse.mean() < 0.7
    assert looked[0].motifs == 1
    assert looked[1].motifs == 0


def test_three_motifs_are_kept_apart():
    words = ["TGACTCAGCA", "GGGCGGGGC", "CTTATCTAA"]
    records, values, _ = planted(words, n=400, length=(120, 120), both=True)
    motifs, _ = find_motifs(records, values)
    texts = [spelled(motif) for motif in motifs]
    texts += [text[::-1].translate(str.maketrans("ACGT", "TGCA")) for text in texts]
    assert len(motifs) == 3
    assert set(words) <= set(texts)


def test_a_strong_motif_does_not_hide_a_weak_one():
    words = "RGDW", "K.L..F"
    # 40 residues with the strong motif, then 40 with the weak one
    codes, values = [], []
    for word, share, seed in zip(words, (0.9, 0.4), (1, 2), strict=True):
        records, value, _ = planted([word], PROTEIN, n=300, length=(40, 40), share=share, seed=seed)
        codes.append(records.codes.reshape(-1, 40))
        values.append(value.reshape(-1, 40))
    values[0][values[0] > 0.3] *= 10
    records = Encoded(np.concatenate(codes, axis=1).ravel(), np.arange(301) * 80, 20, False)
    motifs, _ = find_motifs(records, np.concatenate(values, axis=1).reshape(-1, 1))
    assert [spelled(motif, PROTEIN) for motif in motifs] == list(words)


def test_a_rare_class_has_motifs_at_fixed_places():
    rng = np.random.default_rng(1)
    codes = rng.integers(0, 20, (500, 8)).astype(np.uint8)
    rare = np.arange(500) < 60
    codes[rare & (rng.random(500) < 0.7), 3] = PROTEIN.index("L")
    # every position matters a little
    values = rng.normal(0, 0.5, codes.shape)
    values[codes[:, 3] == PROTEIN.index("L"), 3] += 2
    records = Encoded(codes.ravel(), np.arange(501) * 8, 20, False, rare[:, None])
    (motif,), _ = find_motifs(records, values.reshape(-1, 1).astype(np.float32))
    assert (spelled(motif, PROTEIN), motif.place, motif.sign) == ("L", (False, 3), 1)


def test_on_a_single_strand_the_other_strand_does_not_count():
    records, values, _ = planted(["TGACTCAGCA"], both=True)
    single = Encoded(records.codes, records.offsets, 4, False)
    motifs, _ = find_motifs(single, values)
    assert {spelled(motif) for motif in motifs} == {"TGACTCAGCA", "TGCTGAGTCA"}


@pytest.mark.parametrize("word", ["G....GKT", "C..C...L"])
def test_a_protein_pattern_with_gaps(word):
    records, values, _ = planted([word], PROTEIN, n=300)
    (motif,), _ = find_motifs(records, values)
    assert spelled(motif, PROTEIN) == word


def test_what_speaks_against_is_found_with_its_sign():
    records, values, _ = planted(["TGACTCAGCA"])
    (motif,), _ = find_motifs(records, -values)
    assert motif.sign == -1
    assert motif.contribution < 0
    assert spelled(motif) == "TGACTCAGCA"


@pytest.mark.parametrize("last", [False, True])
def test_residues_at_a_fixed_place_of_short_peptides(last):
    records, values, _ = planted([".L......V"], PROTEIN, n=300, length=(9, 9), place=0)
    if last:
        # the same records with up to three more residues before them
        rng = np.random.default_rng(3)
        more = rng.integers(0, 4, len(records))
        at = np.repeat(records.offsets[:-1], more)
        codes = np.insert(records.codes, at, rng.integers(0, 20, more.sum()).astype(np.uint8))
        values = np.insert(values, at, rng.normal(0, 0.1, (more.sum(), 1)), axis=0)
        offsets = np.concatenate([[0], np.cumsum(9 + more)])
        records = Encoded(codes, offsets, 20, False)
        values = values.astype(np.float32)
    motifs, _ = find_motifs(records, values)
    found = {motif.place for motif in motifs}
    # from the end, V is the last residue, and L has seven after it
    assert found >= ({(True, 0), (True, 7)} if last else {(False, 1), (False, 8)})
    assert {motif.kind for motif in motifs} == {"position"}


def test_a_pattern_that_is_always_at_the_same_place_is_one_motif():
    records, values, _ = planted(["CAGGTAAGT"], length=(60, 60), place=28)
    (motif,), _ = find_motifs(records, values)
    assert spelled(motif) == "CAGGTAAGT"
    assert {start for _, start in places(motif, records)} == {28}


def test_noise_gives_no_motif_and_neither_do_zeros_or_no_records():
    rng = np.random.default_rng(4)
    records, _, _ = planted(["ACGT"])
    noise = rng.standard_t(3, (len(records.codes), 1)).astype(np.float32)
    for values in (noise, np.zeros_like(noise)):
        motifs, looked = find_motifs(records, values)
        assert motifs == []
        assert [one.motifs for one in looked] == [0, 0]
    none = Encoded(np.zeros(0, np.uint8), np.zeros(1, np.int64), 4, True)
    assert find_motifs(none, np.zeros((0, 2), np.float32))[0] == []


def test_ambiguous_residues_and_records_of_one_residue_do_no_harm():
    records, values, _ = planted(["TGACTCAGCA"])
    codes = records.codes.copy()
    codes[::7] = 4
    lengths = np.concatenate([records.lengths, [1, 1]])
    codes = np.concatenate([codes, np.array([4, 0], np.uint8)])
    values = np.concatenate([values, np.zeros((2, 1), np.float32)])
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    motifs, _ = find_motifs(Encoded(codes, offsets, 4, True), values)
    assert spelled(motifs[0]) in ("TGACTCAGCA", "TGCTGAGTCA")


def test_the_same_input_gives_the_same_motifs():
    records, values, _ = planted(["TGACTCAGCA", "GGGCGGGGC"], both=True)
    first, second = (find_motifs(records, values, seed=5)[0] for _ in range(2))
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one.sites.starts, other.sites.starts)
        np.testing.assert_array_equal(one.contributions, other.contributions)
        assert one.p == other.p


def test_segments_are_the_maximal_ones():
    """Against the definition of Ruzzo and Tompa: the best segment, then left and right of it."""

    def best(scores, shift):
        if not len(scores) or scores.max() <= 0:
            return []
        sums = np.concatenate([[0], np.cumsum(scores)])
        gains = [(sums[b] - sums[a], -(b - a), a, b) for b in range(1, len(sums)) for a in range(b)]
        top = max(g for g, *_ in gains)
        # of equal segments the shortest: the algorithm does not add a prefix of sum 0
        _, _, a, b = max(g for g in gains if abs(g[0] - top) < 1e-9)
        return [
            *best(scores[:a], shift), (shift + a, shift + b), *best(scores[b:], shift + b)
        ]  # fmt: skip

    rng = np.random.default_rng(6)
    values = rng.normal(0, 1, 120).astype(np.float32)
    offsets = np.array([0, 35, 36, 80, 120])
    starts, ends, scores = seqlets._segments(values, offsets, 0.4)
    wanted = []
    for a, b in itertools.pairwise(offsets):
        wanted += best(values[a:b].astype(float) - 0.4, a)
    assert sorted(zip(starts.tolist(), ends.tolist(), strict=True)) == sorted(wanted)
    for start, end, score in zip(starts, ends, scores, strict=True):
        assert score == pytest.approx((values[start:end].astype(float) - 0.4).sum())


def test_long_segments_are_divided():
    rng = np.random.default_rng(7)
    values = rng.normal(0, 0.1, 2000).astype(np.float32)
    values[500:700] += 1
    starts, ends, scores = seqlets._segments(values, np.array([0, 1000, 2000]), 0.2)
    inside = (starts >= 490) & (ends <= 710)
    assert (ends - starts)[inside].sum() > 50
    assert (ends - starts).max() <= 40
    assert scores.min() > 0


def test_occurrences_are_where_the_motif_was_planted():
    records, values, truth = planted(["TGACTCAGCA"], both=True)
    (motif,), _ = find_motifs(records, values)
    new, _, truth = planted(["TGACTCAGCA"], both=True, seed=9)
    hits = Scanner(motif, records).scan(new)
    found = set(zip(hits.records.tolist(), hits.starts.tolist(), strict=True))
    wanted = {(record, start) for record, start, _ in truth["TGACTCAGCA"]}
    assert wanted <= found
    assert len(found - wanted) <= 0.1 * len(wanted)
    assert hits.p.max() < 1e-3
    strands = {(r, s): strand for r, s, strand in truth["TGACTCAGCA"]}
    own = [hits.reverse[i] == strands[r, s] for i, (r, s) in
           enumerate(zip(hits.records, hits.starts, strict=True)) if (r, s) in strands]  # fmt: skip
    assert all(own) or not any(own)


def test_a_motif_at_a_fixed_place_occurs_only_there():
    records, values, _ = planted([".L......V"], PROTEIN, n=300, length=(9, 9), place=0)
    motifs, _ = find_motifs(records, values)
    motif = next(motif for motif in motifs if motif.place == (False, 1))
    hits = Scanner(motif, records).scan(records)
    assert set(hits.starts.tolist()) == {1}
    wanted = PROTEIN.index("L")
    assert (records.codes[records.offsets[hits.records] + 1] == wanted).all()


def test_stability_counts_trainings_that_found_the_motif():
    runs = [
        find_motifs(*planted(["TGACTCAGCA"], both=True, seed=seed)[:2])[0] for seed in (1, 2, 3)
    ]
    other = find_motifs(*planted(["CCCGGGTTTA"], both=True, seed=4)[:2])[0]
    stable = stability(runs[0][0], [*runs, other], True)
    assert (stable.found, stable.trainings) == (3, 4)
    # Wilson's interval of 3 of 4
    assert (stable.low, stable.high) == pytest.approx((0.3006, 0.9544), abs=1e-3)
    assert stability(runs[0][0], [], True).low == 0.0
