from __future__ import annotations

import numpy as np
import pytest
from conftest import encode

from bioseqrnn.config.choices import BASELINES
from bioseqrnn.config.folds import FoldsConfig
from bioseqrnn.fasta.sources import Source
from bioseqrnn.stages.baselines.features import composition, flat_onehot, kmer_counts
from bioseqrnn.stages.baselines.methods import scores_of
from bioseqrnn.stages.baselines.problem import Problem
from bioseqrnn.stages.baselines.run import train_baseline
from bioseqrnn.stages.folds.run import split_table
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.predictions import read_predictions


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
    monkeypatch.setattr("bioseqrnn.onehot.decoding.CHUNK_POSITIONS", 100)
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


@pytest.mark.parametrize("method", list(BASELINES))
def test_baselines_learn_the_peptides_and_repeat_exactly(method, acp, tmp_path):
    from conftest import RESOURCES

    sources = [Source(RESOURCES / "acp" / f"{c}.fa", c) for c in ("ACP", "Random")]
    encode(tmp_path, sources, positive="ACP")
    split_table(
        acp,
        tmp_path / "folds.parquet",
        FoldsConfig(count=4, validation_fraction=0.1, seed=1, grouping="duplicates"),
    )
    for name in ("a", "b"):
        train_baseline(
            tmp_path / "sequences.parquet", tmp_path / "folds.parquet", tmp_path / name,
            baseline=method, fold=0, seed=1, threads=1,
        )  # fmt: skip
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    run = read_predictions(tmp_path / "a")
    assert (run.kind, run.model, run.classes) == ("baseline", method, ["Random", "ACP"])
    np.testing.assert_allclose(run.scores.sum(axis=1), 1, rtol=1e-9)
    if method != "majority":
        assert (run.scores.argmax(axis=1) == run.targets).mean() > 0.8


@pytest.mark.parametrize("method", list(BASELINES))
def test_a_class_missing_from_training_gets_no_probability(method, splice):
    rows = np.flatnonzero(splice.targets != 1)
    train, validation = rows[:200:2], rows[1:200:2]
    train = np.sort(np.concatenate([train, rows[-100:]]))
    validation = np.sort(np.concatenate([validation, rows[-200:-100]]))
    test = np.flatnonzero(splice.targets == 1)[:5]
    _, probability = scores_of(method, splice, train, validation, test, 1)
    assert probability.shape == (5, 3)
    # the output layer of a network always gives it some
    assert probability[:, 1].max() < (0.1 if method == "cnn" else 1e-12)


def test_training_on_one_class_only_is_certain_of_it(acp):
    rows = np.flatnonzero(acp.targets == 1)
    for name in ("composition", "kmer_logistic", "gapped_kmer", "gradient_boosting", "pwm"):
        _, probability = scores_of(name, acp, rows[:50], rows[50:70], rows[70:75], 1)
        assert probability.tolist() == [[0.0, 1.0]] * 5


def test_unknown_and_unfit_baselines_are_refused(acp, tmp_path):
    (tmp_path / "three.fa").write_text(
        "".join(
            f">r{i}\nMKV{x}LRE\nHHCC{y}CC\n"
            for i, (x, y) in enumerate(zip("ACDE", "CHCH", strict=True))
        )
    )
    encode(tmp_path, [Source(tmp_path / "three.fa")], task="per_position", alphabet="protein")
    paths = [tmp_path / name for name in ("sequences.parquet", "folds.parquet", "out.parquet")]
    for name, message in (("gapped_kmer", "scores whole records"), ("knn", "is unknown")):
        with pytest.raises(InputError, match=message):
            train_baseline(*paths, baseline=name, fold=0, seed=1, threads=1)


def test_a_large_table_is_fitted_to_a_part(acp, capsys):
    problem = Problem(acp, np.arange(600), np.arange(600, 700), np.arange(700, 786), 1)
    part = problem.limited(problem.train, 2000)
    assert 60 < len(part) < 200
    assert acp.lengths[part].sum() <= 2000
    assert (np.diff(part) > 0).all()
    assert "of 600 records, drawn at random" in capsys.readouterr().err
    assert (problem.limited(problem.train, 10**6) == problem.train).all()
    pieces = list(problem.chunks(problem.test, 100))
    assert (np.concatenate(pieces) == problem.test).all()
    assert all(acp.lengths[p].sum() <= 100 for p in pieces)
