from __future__ import annotations

import numpy as np
import pytest
from conftest import encode

from bioseqrnn.baselines.features import composition, flat_onehot, kmer_counts
from bioseqrnn.baselines.methods import METHODS
from bioseqrnn.baselines.run import train_baseline
from bioseqrnn.evaluation.predictions import read_predictions
from bioseqrnn.folds.run import split_table
from bioseqrnn.sequences.sources import Source


@pytest.fixture
def table(tmp_path):
    (tmp_path / "a.fa").write_text(">1\nACGTA\n>2\nAANCC\n")
    (tmp_path / "b.fa").write_text(">3\nGGGGG\n")
    sources = [Source(tmp_path / "a.fa", "a"), Source(tmp_path / "b.fa", "b")]
    return encode(tmp_path, sources, alphabet="dna")


def test_composition(table):
    expected = [[5, 0.4, 0.2, 0.2, 0.2], [5, 0.45, 0.45, 0.05, 0.05], [5, 0, 0, 1, 0]]
    np.testing.assert_allclose(composition(table, np.arange(3)), expected, atol=1e-6)


def test_chunks_join_up(acp, monkeypatch):
    rows = np.arange(len(acp))[::-1]
    whole = kmer_counts(acp, rows, 2).toarray()
    shares = composition(acp, rows)
    monkeypatch.setattr("bioseqrnn.sequences.decode.CHUNK_POSITIONS", 100)
    assert np.array_equal(kmer_counts(acp, rows, 2).toarray(), whole)
    np.testing.assert_allclose(composition(acp, rows), shares, rtol=1e-6)


def test_flat_onehot(table):
    flat = flat_onehot(table, np.array([2, 0]))
    assert flat.shape == (2, 20)
    assert flat[0].tolist() == [0, 0, 1, 0] * 5
    assert flat[1, :4].tolist() == [1, 0, 0, 0]


def test_kmers_skip_ambiguous_residues(table):
    kmers = ["A", "C", "G", "T"] + [x + y for x in "ACGT" for y in "ACGT"]
    counts = kmer_counts(table, np.arange(3), 2).toarray()
    shown = [{k: n for k, n in zip(kmers, row, strict=True) if n} for row in counts]
    assert shown[0] == {"A": 2, "C": 1, "G": 1, "T": 1, "AC": 1, "CG": 1, "GT": 1, "TA": 1}
    assert shown[1] == {"A": 2, "C": 2, "AA": 1, "CC": 1}
    assert shown[2] == {"G": 5, "GG": 4}


def test_kmers_of_both_strands_do_not_depend_on_the_strand(tmp_path):
    (tmp_path / "a.fa").write_text(">1\nACCGTTN\n>2\nNAACGGT\n")
    (tmp_path / "b.fa").write_text(">3\nGGGGG\n")
    sources = [Source(tmp_path / "a.fa", "a"), Source(tmp_path / "b.fa", "b")]
    table = encode(tmp_path, sources, alphabet="dna", strands="both")
    counts = kmer_counts(table, np.arange(2), 4).toarray()
    assert (counts[0] == counts[1]).all()


@pytest.mark.parametrize("method", list(METHODS))
def test_baselines_learn_the_peptides_and_repeat_exactly(method, acp, tmp_path):
    from conftest import RESOURCES

    sources = [Source(RESOURCES / "acp" / f"{c}.fa", c) for c in ("ACP", "Random")]
    encode(tmp_path, sources, positive="ACP")
    split_table(acp, tmp_path / "folds.parquet", folds=4, validation_fraction=0.1, seed=1)
    for name in ("a", "b"):
        train_baseline(
            tmp_path / "sequences.parquet", tmp_path / "folds.parquet", tmp_path / name,
            baseline=method, fold=0, seed=1, threads=1,
        )  # fmt: skip
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    run = read_predictions(tmp_path / "a")
    assert (run.kind, run.model, run.classes) == ("baseline", method, ["Random", "ACP"])
    np.testing.assert_allclose(run.scores.sum(axis=1), 1, rtol=1e-9)
    assert (run.scores.argmax(axis=1) == run.targets).mean() > 0.8


def test_a_class_missing_from_training_gets_probability_zero(splice):
    rows = np.flatnonzero(splice.targets != 1)
    train, validation = rows[:200:2], rows[1:200:2]
    train = np.concatenate([train, rows[-100:]])
    validation = np.concatenate([validation, rows[-200:-100]])
    test = np.flatnonzero(splice.targets == 1)[:5]
    for method in METHODS.values():
        _, probability = method(splice, train, validation, test, 1)
        assert probability.shape == (5, 3)
        assert not probability[:, 1].any()
