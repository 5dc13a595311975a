"""Occurrences and contributions of records that were cut from a genome, on its chromosomes."""

from __future__ import annotations

import gzip

import numpy as np
import pandas as pd
import pytest
from attributed import write_attributions
from conftest import encode
from planted import DNA, planted

from bioseqrnn.fasta.sources import Source
from bioseqrnn.stages.explanation.motifs import discover_motifs
from bioseqrnn.stages.explanation.tracks import write_tracks
from bioseqrnn.support.errors import InputError

OTHER = str.maketrans("ACGT", "TGCA")


def turned(text):
    return text[::-1].translate(OTHER)


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """Records of which every other one is on the reverse strand of one of two chromosomes."""
    folder = tmp_path_factory.mktemp("genome")
    records, values, _ = planted(["TGACTCAGCA"], n=120, length=(40, 60), both=True)
    texts = ["".join(DNA[c] for c in records.codes[a:b]) for a, b in
             zip(records.offsets, records.offsets[1:], strict=False)]  # fmt: skip
    chroms, rows = {"chr2": "AC", "chr10": "G"}, ["chrom\tstart\tend\tstrand\tlabel\tid"]
    for number, text in enumerate(texts):
        chrom, strand = ("chr2", "chr10")[number % 3 == 0], "+-"[number % 2]
        start = len(chroms[chrom])
        chroms[chrom] += text if strand == "+" else turned(text)
        label = "neg" if number >= 60 else "pos"
        rows.append(f"{chrom}\t{start}\t{start + len(text)}\t{strand}\t{label}\tr{number}")
    (folder / "g.fa").write_text("".join(f">{n}\n{t}\n" for n, t in chroms.items()))
    (folder / "w.tsv").write_text("\n".join(rows) + "\n")
    (folder / "more.fa").write_text(">alone\n" + texts[0] + "\n")
    sources = [
        Source(folder / "g.fa", intervals=folder / "w.tsv"), Source(folder / "more.fa", "pos"),
    ]  # fmt: skip
    table = encode(folder, sources, strands="both")
    assert table.ids[-1] == "alone"
    runs = [("gru", 0, 1), ("gru", 1, 1)]
    # the record that is no window is not attributed
    offsets = np.append(records.offsets, records.offsets[-1])
    known = type(records)(records.codes, offsets, records.symbols, records.both)
    write_attributions(
        folder / "a.parquet", table, known, values, runs, ["pos"], lambda row: row < 120
    )
    discover_motifs(
        folder / "a.parquet", folder / "sequences.parquet", folder / "out",
        databases=[], jaspar=None, seed=1, threads=1,
    )  # fmt: skip
    return folder, table, chroms, texts, records, values


def test_occurrences_are_where_the_genome_has_them(found):
    folder, table, chroms, texts, _, _ = found
    places = pd.read_csv(folder / "out" / "occurrences.tsv.gz", sep="\t")
    with gzip.open(folder / "out" / "occurrences.bed.gz", "rt") as handle:
        bed = [line.rstrip("\n").split("\t") for line in handle]
    assert len(bed) == len(places) > 30
    by_name = dict(zip(table.ids, [*texts, texts[0]], strict=True))
    turns = set()
    for (chrom, start, end, motif, _, strand), row in zip(bed, places.itertuples(), strict=True):
        own = by_name[row.id][row.start : row.end]
        own = own if row.strand == "+" else turned(own)
        assert motif == row.motif
        text = by_name["alone"] if row.id == "alone" else chroms[chrom]
        there = text[int(start) : int(end)]
        assert (there if strand == "+" else turned(there)) == own
        turns.add((row.id != "alone", strand == row.strand))
        if row.id == "alone":
            assert (chrom, int(start), strand) == (row.id, row.start, row.strand)
    assert turns == {(True, True), (True, False), (False, True)} or "alone" not in set(places["id"])


def test_strands_are_in_the_table(found):
    _, table, _, _, _, _ = found
    assert table.windows.names == ["chr2", "chr10"] or table.windows.names == ["chr10", "chr2"]
    assert table.windows.reverse.tolist() == [bool(i % 2) for i in range(120)] + [False]
    assert table.file.strings("strand") == ["+-"[i % 2] for i in range(120)] + [None]


def test_tracks_have_the_contributions_of_each_base(found, tmp_path):
    import pybigtools

    folder, table, chroms, _, records, values = found
    (tmp_path / "attributions.old.bw").write_text("of an earlier run")
    (path,) = write_tracks(
        folder / "a.parquet", folder / "sequences.parquet", folder / "g.fa", tmp_path
    )
    assert [file.name for file in tmp_path.iterdir()] == ["attributions.pos.bw"]
    track = pybigtools.open(str(path))
    assert track.chroms() == {name: len(text) for name, text in chroms.items()}
    for row in range(120):
        own = values[records.offsets[row] : records.offsets[row + 1], 0]
        chrom = table.windows.names[table.windows.numbers[row]]
        start = int(table.windows.starts[row])
        there = np.array([v for _, _, v in track.records(chrom, start, start + len(own))])
        np.testing.assert_allclose(there, own[::-1] if row % 2 else own, rtol=1e-6)
    # the first bases of the chromosomes are in no record
    assert next(iter(track.records("chr2")))[0] == 2
    again = write_tracks(
        folder / "a.parquet", folder / "sequences.parquet", folder / "g.fa", tmp_path / "b"
    )
    assert again[0].read_bytes() == path.read_bytes()


def test_overlapping_records_are_averaged(tmp_path):
    (tmp_path / "g.fa").write_text(">c\nACGTACGTAC\n")
    (tmp_path / "w.bed").write_text("c\t1\t5\tx\t0\t+\nc\t3\t7\ty\t0\t-\n")
    table = encode(tmp_path, [Source(tmp_path / "g.fa", intervals=tmp_path / "w.bed")])
    values = (np.arange(8, dtype=np.float32) ** 2)[:, None]
    records = type("R", (), {"offsets": np.array([0, 4, 8])})
    write_attributions(tmp_path / "a.parquet", table, records, values, [("gru", 0, 1)], ["y"])
    (path,) = write_tracks(
        tmp_path / "a.parquet", tmp_path / "sequences.parquet", tmp_path / "g.fa", tmp_path
    )
    import pybigtools

    found = list(pybigtools.open(str(path)).records("c"))
    # the second record is read backwards: 49 36 25 16 from base 3 on
    assert found == [(1, 2, 0), (2, 3, 1), (3, 4, 26.5), (4, 5, 22.5), (5, 6, 25), (6, 7, 16)]


@pytest.mark.parametrize(
    ("genome", "text", "said"),
    [
        ("h.fa", ">c\nACGTACGTAC\n", "no record is a window of h.fa, but of g.fa; give that file"),
        ("g.fa", ">c\nACGTA\n", r"record 'c:3-7\(-\)' is not within its chromosomes"),
        ("g.fa", ">d\nACGTACGTAC\n", r"record 'c:1-5\(\+\)' is not within its chromosomes"),
    ],
)
def test_another_genome_is_one_line(tmp_path, genome, text, said):
    (tmp_path / "g.fa").write_text(">c\nACGTACGTAC\n")
    (tmp_path / "w.bed").write_text("c\t1\t5\tx\t0\t+\nc\t3\t7\ty\t0\t-\n")
    encode(tmp_path, [Source(tmp_path / "g.fa", intervals=tmp_path / "w.bed")])
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / genome).write_text(text)
    with pytest.raises(InputError, match=said):
        write_tracks(
            tmp_path / "a.parquet", tmp_path / "sequences.parquet", tmp_path / "other" / genome,
            tmp_path,
        )  # fmt: skip


def test_records_without_places_have_no_tracks(tmp_path):
    for name in "xy":
        (tmp_path / f"{name}.fa").write_text(f">{name}1\nACGT\n>{name}2\nACGA\n")
    encode(tmp_path, [Source(tmp_path / f"{name}.fa", name) for name in "xy"])
    with pytest.raises(InputError, match="no record is a window of a genome"):
        write_tracks(
            tmp_path / "a.parquet", tmp_path / "sequences.parquet", tmp_path / "x.fa", tmp_path
        )
