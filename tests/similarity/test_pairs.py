"""The search of all against all, held against alignments that MMseqs2 has no part in."""

from __future__ import annotations

import numpy as np
import pytest
from Bio.Align import PairwiseAligner, substitution_matrices
from conftest import pack

from bioseqrnn.config.folds import FoldsConfig
from bioseqrnn.onehot.alphabet import DNA, PROTEIN
from bioseqrnn.onehot.decoding import letters
from bioseqrnn.onehot.packing import Packed
from bioseqrnn.similarity.pairs import Threshold, similar_pairs, threshold_of
from bioseqrnn.splits.components import connected

COMPLEMENT = str.maketrans("ACGT", "TGCA")


def pairs_of(sequences, alphabet, threshold=None):
    found = similar_pairs(
        pack(sequences, alphabet), alphabet, threshold or threshold_of(alphabet, FoldsConfig())
    )
    return set(zip(found.first.tolist(), found.second.tolist(), strict=True))


def test_the_identity_asked_of_proteins_follows_the_curve_of_rost():
    least = Threshold(0.4, 0.8, True).least(np.array([8, 16, 20, 30, 51, 52, 100, 400]))
    assert least[[0, 1]].tolist() == [0.8, 0.8]
    assert least[2:5] == pytest.approx([0.719, 0.563, 0.4125], abs=0.003)
    assert (least[5:] >= 0.4).all()
    assert least[7] == 0.4
    assert least[6] == pytest.approx(0.4)
    assert (Threshold(0.9, 0.8, True).least(np.array([8, 400])) == 0.9).all()
    assert (Threshold(0.4, 0.8).least(np.array([8, 400])) == 0.4).all()


def random_sequence(rng, letters_, length):
    return "".join(rng.choice(list(letters_), length))


def test_dna_is_alike_on_either_strand_with_changes_and_gaps():
    rng = np.random.default_rng(0)
    one, other = (random_sequence(rng, "ACGT", 60) for _ in range(2))
    changed = "".join("ACGT"["ACGT".index(c) ^ 1] if i % 8 == 3 else c for i, c in enumerate(one))
    turned = changed.translate(COMPLEMENT)[::-1]
    shorter = one[:30] + one[34:]
    assert pairs_of([one, other, turned, shorter], DNA) >= {(0, 2), (0, 3)}
    assert not {(0, 1), (1, 2), (1, 3)} & pairs_of([one, other, turned, shorter], DNA)
    assert pairs_of([one, other, turned], DNA, Threshold(0.95, 0.8)) == set()


def test_a_reverse_complement_is_the_same_sequence():
    found = similar_pairs(pack(["AACGTTTG", "CAAACGTT"], DNA), DNA, Threshold(0.8, 0.8))
    assert found.sequence.tolist() == [0, 0]
    assert len(found) == 0


def test_peptides_of_eight_residues_are_found():
    sequences = ["KWKLFKKI", "KWKLFKRI", "GDEYHTAN", "GDEYHSAN"]
    assert pairs_of(sequences, PROTEIN) == {(0, 1), (2, 3)}


def test_a_short_protein_within_a_long_one_is_alike_where_fragments_count():
    rng = np.random.default_rng(1)
    long = random_sequence(rng, PROTEIN.symbols, 200)
    relative = list(long[50:150])
    for place in rng.choice(100, 40, replace=False):
        relative[place] = rng.choice(list(PROTEIN.symbols))
    for part in (long[50:150], "".join(relative)):
        assert pairs_of([long, part], PROTEIN) == {(0, 1)}
        assert pairs_of([long, part], PROTEIN, Threshold(0.4, 0.8)) == set()
        assert pairs_of([long, part], PROTEIN, Threshold(0.4, 0.5)) == {(0, 1)}
    # too short to tell from chance by an alignment
    assert pairs_of([long, long[50:75]], PROTEIN) == set()
    # DNA has its own search for parts
    genome = random_sequence(rng, "ACGT", 200)
    assert pairs_of([genome, genome[50:150]], DNA) == set()


def test_splice_pairs_against_every_overlap_compared_residue_by_residue(splice):
    found = similar_pairs(splice.packed, DNA, threshold_of(DNA, FoldsConfig()))
    _, rows = np.unique(found.sequence, return_index=True)
    onehot = (splice.dense(rows)[0] == 1).astype(np.float32)
    count, length = onehot.shape[:2]
    assert length == 60
    alike = np.zeros((count, count), bool)
    for strand in (onehot, onehot[:, ::-1, ::-1]):
        for shift in range(-12, 13):
            left = onehot[:, max(0, shift) : 60 + min(0, shift)].reshape(count, -1)
            right = strand[:, max(0, -shift) : 60 - max(0, shift)].reshape(count, -1)
            alike |= left @ right.T >= 0.8 * (60 - abs(shift)) - 1e-4
    first, second = np.nonzero(np.triu(alike, 1))
    assert len(first) > 400
    ours = np.isin(first * count + second, found.first * count + found.second)
    # what is missed ends in residues that differ, which a local alignment leaves out
    assert ours.mean() > 0.96
    group = connected(found.first, found.second, count)
    assert (group[first] != group[second]).sum() <= 2


def aligned(aligner, one, other, threshold):
    """Whether Biopython's best local alignment says that two sequences are alike."""
    score = aligner.score(one, other)
    if score <= 0:
        return False
    best = aligner.align(one, other)[0]
    counts = best.counts()
    columns = np.array([counts.identities + counts.mismatches + counts.gaps], np.int32)
    spans = [block[-1][1] - block[0][0] for block in best.aligned]
    covered = min(spans[0] / len(one), spans[1] / len(other)) >= threshold.coverage
    return bool(covered and counts.identities / columns[0] >= threshold.least(columns)[0])


def test_peptide_pairs_against_biopython(acp):
    threshold = threshold_of(PROTEIN, FoldsConfig())
    rows = np.sort(np.random.default_rng(3).choice(len(acp), 130, replace=False))
    texts = list(dict.fromkeys(letters(acp.packed, rows, PROTEIN)))
    aligner = PairwiseAligner(mode="local", open_gap_score=-11, extend_gap_score=-1)
    aligner.substitution_matrix = substitution_matrices.load("BLOSUM62")
    theirs = {
        (i, j)
        for j in range(len(texts))
        for i in range(j)
        if aligned(aligner, texts[i], texts[j], threshold)
    }
    ours = pairs_of(texts, PROTEIN)
    assert len(theirs) > 15
    # of several best alignments each may take another
    assert len(ours & theirs) >= 0.95 * max(len(ours), len(theirs))


@pytest.fixture(scope="module")
def pairs_of_peptides(acp):
    return similar_pairs(acp.packed, PROTEIN, threshold_of(PROTEIN, FoldsConfig()))


@pytest.mark.xdist_group("pairs of peptides")
def test_the_search_by_kmers_misses_few_of_the_pairs_of_all_alignments(
    acp, pairs_of_peptides, monkeypatch
):
    threshold, every = threshold_of(PROTEIN, FoldsConfig()), pairs_of_peptides
    monkeypatch.setattr("bioseqrnn.similarity.pairs.FEW_SEQUENCES", 0)
    by_kmers = similar_pairs(acp.packed, PROTEIN, threshold)
    known = set(zip(every.first.tolist(), every.second.tolist(), strict=True))
    found = set(zip(by_kmers.first.tolist(), by_kmers.second.tolist(), strict=True))
    assert found <= known
    assert len(found) > 0.97 * len(known) > 1000


@pytest.mark.xdist_group("pairs of peptides")
def test_threads_change_nothing(acp, pairs_of_peptides):
    two = similar_pairs(acp.packed, PROTEIN, threshold_of(PROTEIN, FoldsConfig()), 2)
    for name in ("first", "second", "closeness"):
        assert np.array_equal(getattr(pairs_of_peptides, name), getattr(two, name))


def test_one_sequence_has_no_pair():
    assert isinstance(pack(["ACGTACGTACGT"], DNA), Packed)
    assert pairs_of(["ACGTACGTACGT"] * 3, DNA) == set()
    assert pairs_of(["ACG", "ACC"], DNA) == set()
