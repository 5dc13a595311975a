"""Features of whole records, and the records that a model reads or is fitted to."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import encode

from bioseqrnn.baselines.features import composition, flat_onehot, kmer_counts
from bioseqrnn.baselines.problem import Problem
from bioseqrnn.baselines.records import Form
from bioseqrnn.fasta.sources import Source
from bioseqrnn.onehot.decoding import letters


def records(table, rows):
    return Form.of(table).records(table.packed, rows)


@pytest.fixture
def table(tmp_path):
    (tmp_path / "a.fa").write_text(">1\nACGTA\n>2\nAANCC\n")
    (tmp_path / "b.fa").write_text(">3\nGGGGG\n")
    sources = [Source(tmp_path / "a.fa", "a"), Source(tmp_path / "b.fa", "b")]
    return encode(tmp_path, sources, alphabet="dna")


def test_composition(table):
    expected = [[5, 0.4, 0.2, 0.2, 0.2], [5, 0.45, 0.45, 0.05, 0.05], [5, 0, 0, 1, 0]]
    np.testing.assert_allclose(composition(records(table, np.arange(3))), expected, atol=1e-6)


def test_chunks_join_up(acp, monkeypatch):
    rows = np.arange(len(acp))[::-1]
    whole = kmer_counts(records(acp, rows), 2).toarray()
    shares = composition(records(acp, rows))
    monkeypatch.setattr("bioseqrnn.onehot.decoding.CHUNK_POSITIONS", 100)
    assert np.array_equal(kmer_counts(records(acp, rows), 2).toarray(), whole)
    assert np.array_equal(composition(records(acp, rows)), shares)


def test_flat_onehot(table):
    flat = flat_onehot(records(table, np.array([2, 0])))
    assert flat.shape == (2, 20)
    assert flat[0].tolist() == [0, 0, 1, 0] * 5
    assert flat[1, :4].tolist() == [1, 0, 0, 0]


def test_kmers_skip_ambiguous_residues(table):
    kmers = ["A", "C", "G", "T"] + [x + y for x in "ACGT" for y in "ACGT"]
    counts = kmer_counts(records(table, np.arange(3)), 2).toarray()
    shown = [{k: n for k, n in zip(kmers, row, strict=True) if n} for row in counts]
    assert shown[0] == {"A": 2, "C": 1, "G": 1, "T": 1, "AC": 1, "CG": 1, "GT": 1, "TA": 1}
    assert shown[1] == {"A": 2, "C": 2, "AA": 1, "CC": 1}
    assert shown[2] == {"G": 5, "GG": 4}


def test_kmers_of_both_strands_do_not_depend_on_the_strand(tmp_path):
    (tmp_path / "a.fa").write_text(">1\nACCGTTN\n>2\nNAACGGT\n")
    (tmp_path / "b.fa").write_text(">3\nGGGGG\n")
    sources = [Source(tmp_path / "a.fa", "a"), Source(tmp_path / "b.fa", "b")]
    table = encode(tmp_path, sources, alphabet="dna", strands="both")
    counts = kmer_counts(records(table, np.arange(2)), 4).toarray()
    assert (counts[0] == counts[1]).all()


def test_a_large_table_is_fitted_to_a_part(acp, capsys):
    problem, train = Problem(acp, 1), np.arange(600)
    part = problem.limited(train, 2000)
    assert 60 < len(part) < 200
    assert acp.lengths[part].sum() <= 2000
    assert (np.diff(part) > 0).all()
    assert "of 600 records, drawn at random" in capsys.readouterr().err
    assert (problem.limited(train, 10**6) == train).all()
    test = np.arange(700, 786)
    pieces = list(problem.records(test).chunks(100))
    assert (np.concatenate([piece.rows for piece in pieces]) == test).all()
    assert all(piece.lengths.sum() <= 100 for piece in pieces)


@pytest.mark.parametrize("name", ["acp", "splice"])
def test_long_records_are_decoded_in_stretches(name, request, monkeypatch):
    table = request.getfixturevalue(name)
    rows = np.arange(len(table))[::-7]
    codes, offsets = records(table, rows).codes()
    symbols = table.alphabet.symbols + {"dna": "N", "protein": "X"}[table.alphabet.name]
    text = "".join(letters(table.packed, rows, table.alphabet))
    assert "".join(symbols[code] for code in codes) == text
    assert np.array_equal(np.diff(offsets), table.lengths[rows])
    monkeypatch.setattr("bioseqrnn.baselines.records.STRETCH", 12)
    again, _ = records(table, rows).codes()
    assert np.array_equal(again, codes)
