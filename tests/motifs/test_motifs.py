"""Motifs that were put there are found."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import encode
from fold_scores import fold_scores
from sklearn.metrics import roc_auc_score

from bioseqrnn.fasta.sources import Source
from bioseqrnn.motifs.discovery import background, enriched_words, log_odds, refine, scan

MOTIF = "TGACTCAGCA"


def other_strand(text):
    return text[::-1].translate(str.maketrans("ACGT", "TGCA"))


def planted(rng, count, both, low=40, high=90):
    """Random sequences that hold the motif with two letters changed, on any strand."""
    sequences = []
    for _ in range(count):
        word = list(MOTIF)
        for place in rng.choice(len(word), 2, replace=False):
            word[place] = rng.choice(list("ACGT"))
        text = "".join(word)
        if both and rng.random() < 0.5:
            text = other_strand(text)
        sequence = list(rng.choice(list("ACGT"), size=rng.integers(low, high)))
        start = rng.integers(0, len(sequence) - len(text) + 1)
        sequence[start : start + len(text)] = text
        sequences.append("".join(sequence))
    return sequences


def encoded(sequences):
    codes = np.array(["ACGT".find(x) % 5 for s in sequences for x in s], np.uint8)
    return codes, np.concatenate([[0], np.cumsum([len(s) for s in sequences])])


@pytest.mark.parametrize("both", [False, True])
def test_a_planted_motif_is_found(both):
    rng = np.random.default_rng(2)
    with_motif = planted(rng, 200, both)
    without = ["".join(rng.choice(list("ACGT"), size=rng.integers(40, 90))) for _ in range(200)]
    codes, offsets = encoded(with_motif + without)
    wanted = np.arange(400) < 200
    seeds = enriched_words(codes, offsets, wanted, 6, 4, both, 3)
    text = "".join("ACGT"[code] for code in seeds[0])
    assert text in MOTIF or other_strand(text) in MOTIF
    chance = background(codes, 4)
    inside, ends = encoded(with_motif)
    matrix = refine(seeds[0], 14, inside, ends, chance, both)
    consensus = "".join("ACGT"[code] for code in matrix[:, :4].argmax(axis=1))
    assert MOTIF in consensus or other_strand(MOTIF) in consensus
    hits = scan(codes, offsets, matrix, both)
    assert roc_auc_score(wanted, hits[:, 0]) > 0.93
    assert roc_auc_score(wanted, hits[:, 1]) > 0.9


def test_scores_are_those_of_a_plain_loop():
    rng = np.random.default_rng(3)
    sequences = ["".join(rng.choice(list("ACGTN"), size=n)) for n in (3, 4, 20, 61)]
    codes, offsets = encoded(sequences)
    chance = np.array([0.1, 0.2, 0.3, 0.4])
    matrix = log_odds(rng.dirichlet(np.ones(4), size=4), chance)
    assert not matrix[:, 4].any()
    for both in (False, True):
        found = scan(codes, offsets, matrix, both)
        for sequence, (best, mean) in zip(sequences, found, strict=True):
            strands = [sequence, other_strand(sequence)] if both else [sequence]
            odds = [
                sum(matrix[j, "ACGTN".index(strand[i + j])] for j in range(4))
                for strand in strands
                for i in range(len(strand) - 3)
            ]
            assert best == pytest.approx(max(odds, default=0))
            assert mean == pytest.approx(np.log(np.mean(np.exp(odds))) if odds else 0)


def test_motifs_and_gapped_words_tell_what_composition_cannot(tmp_path):
    rng = np.random.default_rng(4)
    for name, sequences in (
        ("with", planted(rng, 150, both=True)),
        ("without", ["".join(rng.permutation(list(s))) for s in planted(rng, 150, both=True)]),
    ):
        lines = "".join(f">{name}{i}\n{s}\n" for i, s in enumerate(sequences))
        (tmp_path / f"{name}.fa").write_text(lines)
    sources = [Source(tmp_path / f"{name}.fa", name) for name in ("without", "with")]
    table = encode(tmp_path, sources, strands="both", alphabet="dna", positive="with")
    rows = rng.permutation(len(table))
    train, validation, test = (np.sort(rows[a:b]) for a, b in ((0, 180), (180, 210), (210, 300)))
    score = {
        name: roc_auc_score(
            table.targets[test], fold_scores(name, table, train, validation, test)[1][:, 1]
        )
        for name in ("composition", "pwm", "gapped_kmer")
    }
    assert score["pwm"] > 0.9
    assert score["gapped_kmer"] > 0.75
    assert score["composition"] < 0.65
