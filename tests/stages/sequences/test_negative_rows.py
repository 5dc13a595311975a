"""Made negatives as rows of a table; the engine itself is tested in test_negatives.py."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from Bio.Seq import Seq
from conftest import RESOURCES, encode

from bioseqrnn.config.folds import FoldsConfig
from bioseqrnn.fasta.sources import Source
from bioseqrnn.onehot.decoding import letters
from bioseqrnn.stages.folds.run import split_table
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.folds import read_folds


def write(path, text):
    path.write_text(text)
    return path


def positives(path, letter, count=30, seed=1, least=30):
    rng = random.Random(seed)
    texts = ["".join(rng.choices("ACGT", k=rng.randint(least, 60))) for _ in range(count)]
    return write(path, "".join(f">{letter}{i}\n{text}\n" for i, text in enumerate(texts)))


def sequences_of(table):
    return list(letters(table.packed, np.arange(len(table)), table.alphabet))


def dinucleotides(text):
    return Counter(text[i : i + 2] for i in range(len(text) - 1))


@pytest.fixture
def genome(tmp_path):
    rng = random.Random(3)
    chromosomes = ["".join(rng.choices("ACGT", k=8000)) for _ in range(2)]
    text = "".join(f">c{i}\n{chromosome}\n" for i, chromosome in enumerate(chromosomes))
    return write(tmp_path / "genome.fa", text)


def test_shuffles_of_every_record(tmp_path, capfd):
    sources = [
        Source(positives(tmp_path / "a.fa", "a"), "site"),
        Source(positives(tmp_path / "b.fa", "b", count=10, seed=2), "site"),
    ]
    settings = {"method": "shuffle", "per_positive": 2, "seed": 4}
    table = encode(tmp_path, sources, negatives=settings)
    sources = pq.read_table(tmp_path / "sequences.parquet").column("source").to_pylist()
    assert Counter(sources) == {
        "a.fa": 30, "b.fa": 10, "a.fa (made negatives)": 60, "b.fa (made negatives)": 20
    }  # fmt: skip
    assert table.ids[40:44] == ["a0_shuffled_1", "a0_shuffled_2", "a1_shuffled_1", "a1_shuffled_2"]
    assert (table.metadata["task"], table.classes) == ("binary", ["negative", "site"])
    assert table.targets.tolist() == [1] * 40 + [0] * 80
    assert table.metadata["negatives"] == {
        "method": "shuffle", "label": "negative", "k": 2, "per_positive": 2, "seed": 4,
        "genome": None, "made": 80, "missing": 0,
    }  # fmt: skip
    assert table.metadata["records"] == 120
    texts = dict(zip(table.ids, sequences_of(table), strict=True))
    assert len(set(texts.values())) == 120
    for name, text in texts.items():
        origin = name.split("_")[0]
        assert table.groups[table.ids.index(name)] == f"{origin}\t"
        assert dinucleotides(text) == dinucleotides(texts[origin])
    audit = pd.read_csv(tmp_path / "intake.tsv", sep="\t")
    assert audit[["source", "label", "records"]].to_numpy().tolist() == [
        ["a.fa", "site", 30], ["b.fa", "site", 10],
        ["a.fa (made negatives)", "negative", 60], ["b.fa (made negatives)", "negative", 20],
    ]  # fmt: skip
    assert "dataset: 40 records in, 120 out (80 of them are made negatives), 2 classes, dna" in (
        capfd.readouterr().err
    )


def test_a_record_and_its_shuffle_share_a_fold(tmp_path):
    source = Source(positives(tmp_path / "a.fa", "a"), "site")
    table = encode(tmp_path, [source], negatives={"method": "shuffle"})
    split_table(
        table,
        tmp_path / "folds.parquet",
        FoldsConfig(count=3, validation_fraction=0.2, seed=1, grouping="duplicates"),
    )
    folds = read_folds(tmp_path / "folds.parquet", table)
    for column in (folds.groups, folds.fold, *folds.roles.T):
        assert (column[:30] == column[30:]).all()
    assert len(np.unique(folds.groups)) == 30


def test_groups_of_the_user_hold_for_negatives_too(tmp_path):
    fasta = positives(tmp_path / "a.fa", "a", count=3)
    # a2 is the name of a group and of a record that is in none
    labels = write(tmp_path / "l.tsv", "id\tlabel\tgroup\na0\tx\tg\na1\tx\ta2\na2\tx\t\n")
    table = encode(tmp_path, [Source(fasta, labels=labels)], negatives={"method": "shuffle"})
    assert table.groups == ["g", "a2", "a2\t"] * 2


def test_splits_hold_for_negatives_too(tmp_path):
    sources = [
        Source(positives(tmp_path / f"{k}.fa", k, count=4, seed=i), "x", split=k)
        for i, k in enumerate(("train", "test"))
    ]
    table = encode(tmp_path, sources, negatives={"method": "shuffle"})
    assert table.splits == (["train"] * 4 + ["test"] * 4) * 2


def test_what_cannot_be_made_is_counted(tmp_path, capfd):
    fasta = write(tmp_path / "a.fa", ">1\nAAAA\n>2\nACGTACGTTGCA\n>3\nAC\n")
    table = encode(tmp_path, [Source(fasta, "x")], negatives={"method": "shuffle"})
    assert table.ids == ["1", "2", "3", "2_shuffled_1"]
    made = table.metadata["negatives"]
    assert (made["made"], made["missing"]) == (1, 2)
    assert "2 negatives could not be made: there is no other arrangement or no window" in (
        capfd.readouterr().err
    )
    write(fasta, ">1\nAAAA\n")
    with pytest.raises(InputError, match=r"only one class \('x'\)"):
        encode(tmp_path, [Source(fasta, "x")], negatives={"method": "shuffle"}, alphabet="dna")


@pytest.mark.parametrize("strands", ["single", "both"])
def test_no_negative_is_a_positive(tmp_path, strands):
    """All arrangements of short sequences: most shuffles would be positives."""
    texts = ["ACGA", "AGCA", "CAGAC", "GTCTG", "ACCA", "TGGT"]
    records = "".join(f">{i}\n{text}\n" for i, text in enumerate(texts))
    fasta = write(tmp_path / "a.fa", records)
    table = encode(
        tmp_path, [Source(fasta, "x")], strands=strands,
        negatives={"method": "shuffle", "k": 1, "per_positive": 20},
    )  # fmt: skip
    made = sequences_of(table)[len(texts) :]

    def either(text):
        return min(text, str(Seq(text).reverse_complement())) if strands == "both" else text

    assert made
    assert len(set(map(either, made))) == len(made)
    assert not set(map(either, made)) & set(map(either, texts))


def test_the_seed_makes_the_negatives(tmp_path):
    fasta = positives(tmp_path / "a.fa", "a", count=5)

    def made(folder, seed):
        settings = {"method": "shuffle", "seed": seed}
        encode(tmp_path / folder, [Source(fasta, "x")], negatives=settings)
        return (tmp_path / folder / "sequences.parquet").read_bytes()

    assert made("one", 1) == made("two", 1)
    assert made("three", 2) != made("one", 1)


def test_proteins_keep_their_composition(tmp_path):
    source = Source(RESOURCES / "acp" / "ACP.fa", "ACP")
    table = encode(tmp_path, [source], negatives={"method": "shuffle", "k": 1})
    texts = dict(zip(table.ids, sequences_of(table), strict=True))
    made = [name for name in texts if name.endswith("_shuffled_1")]
    assert len(made) > 300
    for name in made:
        assert Counter(texts[name]) == Counter(texts[name.removesuffix("_shuffled_1")])


def inside(name, spans):
    chromosome, place = name[:-3].split(":")
    start, end = map(int, place.split("-"))
    return any(c == chromosome and start < e and s < end for c, s, e in spans)


def test_windows_have_no_group(tmp_path, genome):
    """They hold nothing of their record, whatever group that has."""
    sources = [
        Source(positives(tmp_path / "a.fa", "a", count=4), "x", group="g"),
        Source(positives(tmp_path / "b.fa", "b", count=4), "x"),
    ]
    settings = {"method": "genome", "genome": str(genome)}
    table = encode(tmp_path, sources, negatives=settings)
    assert table.groups == ["g"] * 4 + [None] * 12


def test_windows_of_a_genome_for_records_and_for_its_own_intervals(tmp_path, genome):
    spans = [("c0", 100 * i, 100 * i + 60) for i in range(20)]
    bed = write(tmp_path / "x.bed", "".join(f"{c}\t{s}\t{e}\n" for c, s, e in spans))
    sources = [
        Source(positives(tmp_path / "a.fa", "a", count=10), "x"),
        Source(genome, "x", intervals=bed),
    ]
    settings = {"method": "genome", "genome": str(genome)}
    table = encode(tmp_path, sources, negatives=settings, window=50)
    texts = sequences_of(table)
    assert table.metadata["negatives"]["made"] == 30
    assert set(table.metadata["sources"]) == {"a.fa", "x.bed", "genome.fa"}
    assert table.classes == ["negative", "x"]
    assert table.groups is None
    chromosomes = dict(line.split("\n")[:2] for line in genome.read_text().split(">")[1:])
    for record, (name, text) in enumerate(zip(table.ids[30:], texts[30:], strict=True)):
        chromosome, place = name[:-3].split(":")
        start, end = map(int, place.split("-"))
        window = chromosomes[chromosome][start:end]
        assert text == (window if name.endswith("(+)") else str(Seq(window).reverse_complement()))
        assert len(text) == len(texts[record])
        assert not inside(name, [(c, s + 5, e - 5) for c, s, e in spans])
        shares = [sum(map(t.count, "GC")) / len(t) for t in (text, texts[record])]
        assert abs(shares[0] - shares[1]) <= 0.16 + 1 / len(text)
    names = pq.read_table(tmp_path / "sequences.parquet").column("source").to_pylist()
    assert Counter(names[30:]) == {"a.fa (made negatives)": 10, "x.bed (made negatives)": 20}


def test_declared_classes_keep_their_order(tmp_path):
    source = Source(positives(tmp_path / "a.fa", "a", count=3), "site")
    settings = {"negatives": {"method": "shuffle", "label": "zero"}}
    assert encode(tmp_path, [source], **settings).classes == ["zero", "site"]
    for options, classes in (
        ({"classes": ["site", "zero"]}, ["site", "zero"]),
        ({"positive": "zero"}, ["site", "zero"]),
        ({"classes": ["zero", "site"]}, ["zero", "site"]),
    ):
        assert encode(tmp_path, [source], **settings, **options).classes == classes
    with pytest.raises(InputError, match=r"dataset: class 'zero' is unknown \(known: site\)"):
        encode(tmp_path, [source], **settings, classes=["site"])


def test_two_classes_and_negatives_are_three(tmp_path):
    sources = [
        Source(positives(tmp_path / f"{k}.fa", k, count=4, seed=i), k) for i, k in enumerate("ab")
    ]
    table = encode(tmp_path, sources, negatives={"method": "shuffle"})
    assert (table.metadata["task"], table.classes) == ("multiclass", ["a", "b", "negative"])


def test_spare_labels_are_counted_once(tmp_path, capfd):
    fasta = positives(tmp_path / "a.fa", "a", count=3)
    labels = write(tmp_path / "l.tsv", "id\tlabel\na0\tx\na1\tx\na2\tx\n")
    encode(tmp_path, [Source(fasta, labels=labels)], negatives={"method": "shuffle"})
    assert "labelled ids" not in capfd.readouterr().err


def refused(folder, source, **options):
    with pytest.raises(InputError) as caught:
        encode(folder / "out", [source], **options)
    assert not list((folder / "out").glob("*"))
    return str(caught.value).replace(f"{folder}/", "")


def test_what_is_refused(tmp_path, genome):
    fasta = positives(tmp_path / "a.fa", "a", count=3)
    shuffles = {"method": "shuffle"}
    for task, label in (("regression", "1"), ("multilabel", "x")):
        assert refused(tmp_path, Source(fasta, label), task=task, negatives=shuffles) == (
            f"dataset: negatives are a class, but task {task} has no classes"
        )
    ending = "which is also the class of made negatives; set negatives.label to another, or make"
    message = refused(tmp_path, Source(fasta, "negative"), negatives=shuffles)
    assert message.startswith(f"a.fa: has records of class 'negative', {ending}")
    labels = write(tmp_path / "l.tsv", "id\tlabel\na0\tx\na1\tno\na2\tx\n")
    message = refused(
        tmp_path, Source(fasta, labels=labels), negatives={"method": "shuffle", "label": "no"}
    )
    assert message.startswith(f"a.fa: has records of class 'no', {ending}")
    assert refused(tmp_path, Source(fasta, "x"), negatives={"method": "genome"}) == (
        "dataset: method genome needs the FASTA of the genome as 'genome'"
    )
    missing = {"method": "genome", "genome": str(tmp_path / "no.fa")}
    assert refused(tmp_path, Source(fasta, "x"), negatives=missing) == (
        "genome no.fa: no such file; check the path"
    )
    protein = write(tmp_path / "p.fa", ">p\nMKLVREQWERTY\n")
    settings = {"method": "genome", "genome": str(genome)}
    assert refused(tmp_path, Source(protein, "x"), negatives=settings) == (
        "dataset: negatives from a genome are only for DNA, but this is protein; use method shuffle"
    )
    write(fasta, ">a\nACGTTGCATGCA\n>a_shuffled_1\nACGTTGCCCATGCA\n")
    assert refused(tmp_path, Source(fasta, "x"), negatives=shuffles) == (
        "a.fa: record 'a_shuffled_1' has the same id as a made negative; rename it"
    )
