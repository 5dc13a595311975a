"""Parts of the records that scores are looked at in."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from conftest import encode
from made_predictions import Made

from bioseqrnn.fasta.sources import Source
from bioseqrnn.onehot.alphabet import ALPHABETS
from bioseqrnn.onehot.decoding import residue_shares
from bioseqrnn.stages.evaluation.collect import collect
from bioseqrnn.stages.evaluation.strata import gc_share, quantile_strata, read_strata


def test_gc_is_the_share_of_the_residues(splice):
    rows = np.arange(len(splice))
    shares = residue_shares(splice.packed, rows, ALPHABETS["dna"])
    expected = shares[:, 1] + shares[:, 2]
    whole = np.abs(shares.sum(axis=1) - 1) < 1e-5
    ours = gc_share(splice.packed)
    assert whole.all()
    # an ambiguous residue counts as all it may be, so those few records differ a little
    assert (np.abs(ours - expected) < 1e-6).mean() > 0.99
    assert np.abs(ours - expected).max() < 0.1


def test_fourths_hold_all_records_once():
    values = np.random.default_rng(1).integers(10, 100, 1000).astype(float)
    strata = quantile_strata("length", values)
    assert [part.records.sum() for part in strata] == pytest.approx([250] * 4, abs=20)
    assert (np.sum([part.records for part in strata], axis=0) == 1).all()
    assert all(one.high < other.low for one, other in pairwise(strata))
    assert strata[0].bin == f"10–{strata[0].high:.0f}"


def test_equal_lengths_are_no_strata():
    assert quantile_strata("length", np.full(10, 60.0)) == []
    assert len(quantile_strata("length", np.array([60.0] * 9 + [61.0]))) <= 2


def test_files_are_strata_unless_they_are_the_classes(tmp_path, acp):
    made = Made(tmp_path, acp)
    made.add("good", "network", 1.0, 0.3)
    evidence = collect(made.paths, tmp_path / "folds.parquet")
    # one file a class: a score within it says nothing
    kinds = {part.kind for part in read_strata(acp.file.path, evidence)}
    assert kinds == {"length"}


def test_studies_are_strata(tmp_path):
    rng = np.random.default_rng(1)
    sources = []
    for study in ("one", "two"):
        for label in ("a", "b"):
            lines = [
                f">{study}{label}{i}\n{''.join(rng.choice(list('ACGT'), 40))}\n" for i in range(30)
            ]
            path = tmp_path / f"{study}_{label}.fa"
            path.write_text("".join(lines))
            groups = [f"{study}{i % 5}" for i in range(30)]
            labels = tmp_path / f"{study}_{label}.tsv"
            rows = [f"{study}{label}{i}\t{label}\t{groups[i]}\n" for i in range(30)]
            labels.write_text("id\tlabel\tgroup\n" + "".join(rows))
            sources.append(Source(path, labels=labels))
    table = encode(tmp_path, sources)
    made = Made(tmp_path, table)
    made.add("good", "network", 1.0, 0.3)
    evidence = collect(made.paths, tmp_path / "folds.parquet")
    strata = read_strata(tmp_path / "sequences.parquet", evidence)
    assert {part.bin for part in strata if part.kind == "group"} == {
        f"{study}{k}" for study in ("one", "two") for k in range(5)
    }
    assert {part.kind for part in strata} == {"gc", "group"}
    for part in strata:
        if part.kind == "group":
            ids = [name for name, row in evidence.rows.items() if part.records[row]]
            assert len(ids) == 12
            assert all(name.startswith(part.bin[:3]) for name in ids)
