from __future__ import annotations

import gzip
import json

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from Bio import SeqIO
from conftest import RESOURCES, encode

from bioseqrnn.fasta.conversions import COUNTS
from bioseqrnn.fasta.sources import Source
from bioseqrnn.stages.sequences.run import encode_sequences
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.io import sha256


def test_bundled_data_keep_every_record_in_order(splice, acp):
    for table, name, width in ((splice, "splice", 4), (acp, "acp", 20)):
        files = table.metadata["sources"]
        records = [r for f in files for r in SeqIO.parse(RESOURCES / name / f, "fasta")]
        assert table.ids == [record.id for record in records]
        assert table.lengths.tolist() == [len(record) for record in records]
        for i in (0, 1, len(records) // 2, len(records) - 1):
            onehot, _ = table.dense(np.array([i]))
            assert onehot.shape[2] == width
            called = "".join(table.alphabet.symbols[k] for k in onehot[0].argmax(axis=1))
            assert called == str(records[i].seq)


def test_table_is_read_in_three_lines_without_this_package(tmp_path):
    """The lines that docs/formats.md prints."""
    (tmp_path / "a.fa").write_text(">x\nACGTN\n")
    (tmp_path / "b.fa").write_text(">y\nGG\n")
    encode(tmp_path, [Source(tmp_path / "a.fa", "a"), Source(tmp_path / "b.fa", "b")])
    row = pq.read_table(tmp_path / "sequences.parquet").to_pylist()[0]
    bits = np.unpackbits(np.frombuffer(row["onehot"], np.uint8), count=row["length"] * 4)
    onehot = bits.reshape(row["length"], 4)
    expected = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1], [1, 1, 1, 1]]
    assert onehot.tolist() == expected


def test_schema_and_metadata(tmp_path):
    (tmp_path / "a.fa").write_text(">x\nACGTN\n")
    (tmp_path / "b.fa").write_text(">y\nGG\n")
    encode(tmp_path, [Source(tmp_path / "a.fa", "a"), Source(tmp_path / "b.fa", "b")], positive="a")
    schema = pq.read_schema(tmp_path / "sequences.parquet")
    assert schema.names == ["id", "source", "length", "label", "onehot"]
    assert json.loads(schema.metadata[b"bioseqrnn"]) == {
        "format": 2,
        "alphabet": "dna",
        "symbols": "ACGT",
        "strands": "single",
        "ids": "word",
        "task": "binary",
        "classes": ["b", "a"],
        "records": 2,
        "sources": {n: sha256(tmp_path / n) for n in ("a.fa", "b.fa")},
    }


def test_audit_counts(tmp_path):
    (tmp_path / "a.fa").write_text(">1\nACGT\n>2\nACGT\n>3\nNNRA\n")
    (tmp_path / "b.fa").write_text(">4\nacgt\n>5\nGGGGGG\n")
    encode(tmp_path, [Source(tmp_path / "a.fa", "a"), Source(tmp_path / "b.fa", "b")])
    audit = pd.read_csv(tmp_path / "intake.tsv", sep="\t", keep_default_na=False)
    none = dict.fromkeys(COUNTS, 0)
    assert audit.to_dict("records") == [
        {
            "source": "a.fa", "label": "a", "records": 3, "residues": 12, "min_length": 4,
            "median_length": 4, "max_length": 4, **none,
            "ambiguous_residues": 3, "ambiguity_codes": "N=2;R=1",
        },
        {
            "source": "b.fa", "label": "b", "records": 2, "residues": 10, "min_length": 4,
            "median_length": 5, "max_length": 6, **none, "lower_case": 4,
            "ambiguous_residues": 0, "ambiguity_codes": "",
        },
    ]  # fmt: skip


def test_labels_and_groups_from_a_tsv(tmp_path):
    with gzip.open(tmp_path / "all.fa.gz", "wt") as handle:
        handle.write(">1 text behind the id\nACGT\n>2\nACGA\n>3\nACGC\n")
    (tmp_path / "labels.tsv").write_text(
        "id\tlabel\tgroup\tnote\n3\tb\tg2\tx\n1\ta\tg1\ty\n2\ta\tg1\tz\n"
    )
    source = Source(tmp_path / "all.fa.gz", labels=tmp_path / "labels.tsv")
    table = encode(tmp_path, [source])
    assert table.ids == ["1", "2", "3"]
    assert [table.classes[t] for t in table.targets] == ["a", "a", "b"]
    assert table.groups == ["g1", "g1", "g2"]


def test_files_share_a_labels_tsv_and_spare_labels_are_told(tmp_path, capfd):
    (tmp_path / "a.fa").write_text(">1\nACGT\n>2\nAC\n")
    (tmp_path / "b.fa").write_text(">3\nACGA\n")
    labels = tmp_path / "labels.tsv"
    labels.write_text("id\tlabel\n1\tx\n2\ty\n3\ty\n8\tx\n9\ty\n")
    table = encode(tmp_path, [Source(tmp_path / f"{n}.fa", labels=labels) for n in "ab"])
    assert [table.classes[t] for t in table.targets] == ["x", "y", "y"]
    told = capfd.readouterr().err.splitlines()
    assert f"{labels}: 2 labelled ids have no record: '8', '9'" in told


def test_blocks_join_up(tmp_path, monkeypatch):
    monkeypatch.setattr("bioseqrnn.fasta.blocks.BLOCK_BYTES", 100)
    monkeypatch.setattr("bioseqrnn.fasta.stream.BATCH_RESIDUES", 30)
    monkeypatch.setattr("bioseqrnn.onehot.row_groups.GROUP_BYTES", 500)
    sources = [Source(RESOURCES / "acp" / f"{c}.fa", c) for c in ("ACP", "Random")]
    table = encode(tmp_path, sources)
    assert pq.ParquetFile(tmp_path / "sequences.parquet").num_row_groups > 50
    records = [r for s in sources for r in SeqIO.parse(s.fasta, "fasta")]
    onehot, lengths = table.dense(np.arange(len(table)))
    for row, length, record in zip(onehot, lengths, records, strict=True):
        text = "".join(table.alphabet.symbols[k] for k in row[:length].argmax(axis=1))
        assert text == str(record.seq)


def test_odd_ids_survive(tmp_path):
    ids = ['a"b', "c,d", "<script>alert(1)</script>", "$(touch-x);`y`", "ü", "x" * 10_000]
    (tmp_path / "a.fa").write_text("".join(f">{name}\nACGT\n" for name in ids), encoding="utf-8")
    (tmp_path / "b.fa").write_text(">z\nGG\n")
    table = encode(tmp_path, [Source(tmp_path / "a.fa", "a"), Source(tmp_path / "b.fa", "b")])
    assert table.ids == [*ids, "z"]


def test_a_failed_run_leaves_no_file(tmp_path):
    (tmp_path / "a.fa").write_text(">1\nACGT\n")
    (tmp_path / "b.fa").write_text(">2\nACGT\n>3\nAC+T\n")
    out = tmp_path / "out"
    with pytest.raises(InputError, match=r"b\.fa: record '3', position 3: '\+'"):
        encode_sequences(
            [Source(tmp_path / "a.fa", "a"), Source(tmp_path / "b.fa", "b")],
            out / "sequences.parquet",
            out / "intake.tsv",
        )
    assert list(out.iterdir()) == []


def test_quotes_and_blank_lines_in_a_labels_tsv(tmp_path):
    (tmp_path / "x.fa").write_text('>"1\nACGT\n>2\nAC\n>3\nGG\n')
    labels = tmp_path / "labels.tsv"
    labels.write_text('id\tlabel\n"1\tx\n\n\t\n2\ty\n3\t"y"\n')
    table = encode(tmp_path, [Source(tmp_path / "x.fa", labels=labels)])
    assert [table.classes[t] for t in table.targets] == ["x", "y", '"y"']
    assert set(table.metadata["sources"]) == {"x.fa", "labels.tsv"}


def test_dna_read_as_protein_is_told(tmp_path, capfd):
    (tmp_path / "a.fa").write_text(">1\nACGTACGT\n")
    (tmp_path / "b.fa").write_text(">2\nMKLVRE\n")
    sources = [Source(tmp_path / "a.fa", "a"), Source(tmp_path / "b.fa", "b")]
    encode(tmp_path, sources, alphabet="protein")
    warnings = [line for line in capfd.readouterr().err.splitlines() if "warning" in line]
    assert warnings == [f"warning: {tmp_path / 'a.fa'} looks like DNA, but is read as protein"]


def test_files_of_one_name_are_told_apart_by_their_path(tmp_path):
    sources = []
    for folder, label in (("one", "x"), ("two", "y")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "s.fa").write_text(f">{label}\nACGT\n")
        (tmp_path / folder / "l.tsv").write_text(f"id\tlabel\n{label}\t{label}\n")
        sources.append(Source(tmp_path / folder / "s.fa", labels=tmp_path / folder / "l.tsv"))
    table = encode(tmp_path, sources)
    files = [tmp_path / folder / name for folder in ("one", "two") for name in ("s.fa", "l.tsv")]
    assert table.metadata["sources"] == {str(path): sha256(path) for path in files}
