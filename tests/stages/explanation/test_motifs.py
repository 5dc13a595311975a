"""The motif job: tables, files and messages, from attributions with a known answer."""

from __future__ import annotations

import gzip
import re

import numpy as np
import pandas as pd
import pytest
from conftest import encode
from planted_files import WORD, make, run

from bioseqrnn.fasta.sources import Source
from bioseqrnn.stages.explanation.motifs import discover_motifs
from bioseqrnn.stages.report.sections.motifs import motifs_section
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.declared.explanation import (
    MATRICES,
    MOTIF_SEARCH,
    MOTIF_TABLES,
    MOTIFS,
    SHOWN_MOTIFS,
)


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("motifs")
    table, truth = make(folder, keep=lambda row: row % 10 != 3)
    return run(folder), table, truth


def test_the_table_says_what_was_planted(found):
    out, _, truth = found
    (row,) = MOTIFS.read(out / MOTIFS.file).to_dict("records")
    other = WORD[::-1].translate(str.maketrans("ACGT", "TGCA"))
    assert WORD in row["consensus"] or other in row["consensus"]
    assert (row["motif"], row["class"], row["sign"], row["kind"]) == ("M1", "pos", "for", "pattern")
    held = [record for record, _, _ in truth if record % 10 != 3]
    assert abs(row["records"] - len(held)) <= 0.1 * len(held)
    assert row["contribution"] == pytest.approx(5.2, rel=0.1)
    assert (row["trainings"], row["found"]) == (2, 2)
    assert row["found_low"] == pytest.approx(0.342, abs=1e-3)
    assert row["match"] == "W1 W1x"
    assert row["match_q"] < 0.05
    assert row["occurs_pos"] == pytest.approx(len(truth) / 200, abs=0.1)
    assert row["occurs_neg"] < 0.05
    assert 0.3 < row["reverse"] < 0.7
    assert sum(map(int, row["positions"].split(","))) == row["sites"]


def test_occurrences_are_in_all_records_and_the_same_in_bed(found):
    out, table, truth = found
    places = pd.read_csv(out / "occurrences.tsv.gz", sep="\t")
    rows = {name: row for row, name in enumerate(table.ids)}
    number = places["id"].map(rows)
    assert number.is_monotonic_increasing
    assert set(zip(number, places["start"], strict=True)) >= {(r, s) for r, s, _ in truth}
    # a record without an attribution has no contribution, all others have one
    assert (places["contribution"].isna() == (number % 10 == 3)).all()
    assert places["contribution"].median() == pytest.approx(5.2, rel=0.15)
    with gzip.open(out / "occurrences.bed.gz", "rt") as handle:
        bed = [line.rstrip("\n").split("\t") for line in handle]
    assert [line[0] for line in bed] == places["id"].tolist()
    spans = [[int(x) for x in line[1:3]] for line in bed]
    assert spans == places[["start", "end"]].to_numpy().tolist()
    assert {line[5] for line in bed} == {"+", "-"}


def test_matrices_meme_and_logo_agree(found):
    out, _, _ = found
    cells = MATRICES.read(out / MATRICES.file)
    shares = cells.pivot(index="column", columns="residue", values="frequency")
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-9)
    numbers = [line.split() for line in (out / "motifs.meme").read_text().splitlines()
               if re.match(r"[01]\.\d", line)]  # fmt: skip
    np.testing.assert_allclose(np.array(numbers, float), shares.to_numpy(), atol=1e-6)
    total = MOTIFS.read(out / MOTIFS.file)["contribution"].iloc[0]
    assert cells["contribution"].sum() == pytest.approx(total)
    assert [path.name for path in (out / "logos").iterdir()] == ["M1.svg"]


def test_a_second_run_gives_the_same_bytes_and_removes_old_logos(found, tmp_path):
    out, _, _ = found
    folder = tmp_path / "again"
    folder.mkdir()
    make(folder, keep=lambda row: row % 10 != 3)
    (folder / "out" / "logos").mkdir(parents=True)
    (folder / "out" / "logos" / "M9.svg").write_text("old")
    again = run(folder)
    names = [table.file for table in MOTIF_TABLES]
    names += ["motifs.meme", "occurrences.bed.gz", "logos/M1.svg"]
    for name in names:
        assert (again / name).read_bytes() == (out / name).read_bytes(), name
    assert [path.name for path in (again / "logos").iterdir()] == ["M1.svg"]


def test_nothing_found_is_explained(tmp_path, capsys):
    make(tmp_path, noise=True)
    out = run(tmp_path)
    assert "no motif for pos" in capsys.readouterr().err
    search = MOTIF_SEARCH.read(out / MOTIF_SEARCH.file)
    assert search["motifs"].tolist() == [0, 0]
    assert search["why"].str.len().min() > 20
    page = motifs_section({t.name: t.read(out / t.file) for t in SHOWN_MOTIFS})
    assert "No motif was found" in page["data"]
    for why in search["why"]:
        assert why in page["data"]


def test_no_attributed_record_is_explained(tmp_path):
    make(tmp_path, keep=lambda _row: False)
    out = run(tmp_path)
    assert set(MOTIF_SEARCH.read(out / MOTIF_SEARCH.file)["why"]) == {"No record was attributed."}


def test_the_section_of_the_report_escapes_names(found):
    out, _, _ = found
    tables = {table.name: table.read(out / table.file) for table in SHOWN_MOTIFS}
    tables["motifs"]["class"] = "<script>"
    tables["motifs"]["matches"] = "<img>"
    page = motifs_section(tables)
    assert "<script>" not in page["data"]
    assert "<img>" not in page["data"]
    assert "&lt;script&gt;" in page["data"]
    assert "Found by 2 of 2 trainings" in page["data"]
    assert page["data"].count("<svg") == 2


def test_attributions_of_other_sequences_are_refused(tmp_path):
    make(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    sources = [Source(other / f"{label}.fa", label) for label in ("neg", "pos")]
    for source in sources:
        source.fasta.write_text(f">{source.label}x\nACGTACGTAC\n")
    encode(other, sources, strands="both")
    with pytest.raises(InputError, match=r"record 'pos\d+' is not in the sequence table"):
        discover_motifs(
            tmp_path / "attributions.parquet", other / "sequences.parquet", tmp_path / "o",
            databases=[], jaspar=None, seed=1, threads=1,
        )  # fmt: skip
