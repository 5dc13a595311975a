"""Labels that cannot be meant so: classes that look alike, numbers as classes, nothing to learn."""

from __future__ import annotations

import unicodedata

import pytest
from conftest import encode

from bioseqrnn.config.datasets import DatasetOptions
from bioseqrnn.fasta.class_names import lookalikes
from bioseqrnn.fasta.sources import Source
from bioseqrnn.stages.sequences.shards import encode_shard, gather_shards, parse_shard
from bioseqrnn.support.errors import InputError


@pytest.fixture
def table(tmp_path):
    """Function that writes one record a label, and the labels: the source."""

    def make(labels):
        records = "".join(f">r{k}\nACGT{'A' * k}\n" for k in range(len(labels)))
        (tmp_path / "s.fa").write_text(records)
        rows = "".join(f"r{k}\t{label}\n" for k, label in enumerate(labels))
        (tmp_path / "l.tsv").write_text(f"id\tlabel\n{rows}", encoding="utf-8")
        return Source(tmp_path / "s.fa", labels=tmp_path / "l.tsv")

    return make


@pytest.fixture
def told(tmp_path, table, capfd):
    """Function that encodes records with some labels: the warnings."""

    def run(labels, **options):
        encode(tmp_path, [table(labels)], **options)
        start = "warning: dataset: "
        lines = capfd.readouterr().err.splitlines()
        return [line.removeprefix(start) for line in lines if line.startswith(start)]

    return run


def refused(tmp_path, source, **options):
    with pytest.raises(InputError) as caught:
        encode(tmp_path / "out", [source], **options)
    assert not list((tmp_path / "out").glob("*"))
    return str(caught.value)


CAFE = "café"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Positive", "positive"), ("weak, distal", '"weak, distal"'), ("5' UTR", "5\u2019 UTR"),
        (CAFE, unicodedata.normalize("NFD", CAFE)), ("kinase", "kin\u200base"),
        ("kinase", "\ufeffkinase"), ("kinase", "kin\u00adase"), ("a b", "a  b"),
        ("a b", "a\u00a0b"),
        ("non-coding", "non coding"), ("non_coding", "non\u2013coding"), ("ﬁbre", "fibre"),
        ("STRASSE", "straße"), ("foo, bar", "foo%2C bar"), ("nope", "n\u043epe"),
    ],
)  # fmt: skip
def test_names_that_look_alike(one, other):
    assert lookalikes([one, other, "else"]) == [sorted([one, other])]


def test_names_that_do_not_look_alike():
    names = [
        "CD4+",
        "CD4-",
        "-1",
        "1",
        "+",
        "-",
        "a",
        "ä",
        "A1",
        "A-1",
        "\u03b1",
        "β",
        "'",
        '"',
        "a/b",
    ]
    assert lookalikes(names) == []


def test_classes_that_look_alike_are_listed(told):
    assert told(["Positive", "positive", "negative", "Negative "]) == [
        "classes that differ only in case, quotes, white space or similar-looking characters are "
        "counted as different: 'Negative' and 'negative'; 'Positive' and 'positive'; write each in "
        "only one way"
    ]
    [line] = told(["kinase", "kin\u200base", "x", "x"])
    assert "different: 'kinase' and 'kin\\u200base'; write" in line
    [line] = told(["A;b", "a", "b;a", "b", "c"], task="multilabel")[:1]
    assert "different: 'A' and 'a'; write" in line
    assert told(["positive", "negative"] * 2) == []


def test_groups_that_look_alike_are_listed(tmp_path, table, capfd):
    source = table(["a", "b", "a"])
    source.labels.write_text("id\tlabel\tgroup\nr0\ta\tchr1\nr1\tb\tChr1\nr2\ta\tx\n")
    encode(tmp_path, [source])
    assert "l.tsv: groups that differ only in case" in capfd.readouterr().err


def test_labels_that_another_separator_joins(told):
    hold = (
        "contain ',', like 'kinase, membrane', and each counts as one label; labels are separated "
        "by ';'"
    )
    assert told(["kinase, membrane", "kinase, membrane", "x", "x"], task="multilabel") == [
        f"1 of 2 labels {hold} (label_separator)"
    ]
    # some use one, some another
    lines = told(["a;b", "a|b", "a", "b"] * 9, task="multilabel")
    assert lines == [
        "1 of 3 labels contain '|', like 'a|b', and each counts as one label; labels are separated "
        "by ';' (label_separator)"
    ]
    assert told(["a;b", "a", "b", "GTP, GDP", "GTP, GDP"], task="multilabel") == []
    assert told(["a, b", "a", "b", ""] * 2, task="multilabel", label_separator=",") == []
    assert told(["a;b", "a", "b"] * 2) == [
        "1 of 3 classes are other classes joined by ';', like 'a;b'; if records have several "
        "labels, set task: multilabel"
    ]


def test_labels_that_every_record_or_one_has(tmp_path, table, told):
    assert told(["a;b", "a;b", "a", "a;c"], task="multilabel") == [
        "every record has the label 'a'; a model cannot learn anything from it",
        "labels with only one record: 'c'; a label needs several records for training and test",
    ]
    assert refused(tmp_path, table(["a;b"] * 3), task="multilabel") == (
        "dataset: every record has the same labels (a, b); there is nothing to learn; add records "
        "without them"
    )
    assert told(["a", "b"] * 2, classes=["a", "b", "c"]) == [
        "no record has the declared class 'c'; it is left out"
    ]


def test_numbers_that_are_taken_for_classes(tmp_path, table, told):
    for labels in ([f"{k / 7:.4f}" for k in range(20)], ["0.5", "0.25", "0.75", "0.3"]):
        assert refused(tmp_path, table(labels)).endswith(
            f"for {len(labels)} records, which is too many for classes; to predict numbers, set "
            "task: regression"
        )
    [line] = told([f"{k % 12 + 0.5}" for k in range(60)])
    assert line == ("12 classes are numbers, like '0.5'; to predict numbers, set task: regression")
    assert told([str(k % 10) for k in range(40)]) == []
    assert told(["1", "2", "3", "4"]) == []


@pytest.mark.parametrize("labels", [["5"] * 4, ["0"] * 3, ["0.3", "0.30000000000000004"]])
def test_numbers_without_any_variation(tmp_path, table, labels):
    message = refused(tmp_path, table(labels), task="regression")
    assert message == (
        f"dataset: every label is {float(labels[0]):g}; there is nothing to learn (are these the "
        "right numbers?)"
    )


def test_residues_of_one_label(tmp_path):
    (tmp_path / "a.fa").write_text(">1\nMKLV\nHHHH\n>2\nMK\nHH\n")
    message = refused(tmp_path, Source(tmp_path / "a.fa"), task="per_position")
    assert message == (
        "dataset: every residue has the label 'H'; there is nothing to learn; add records with "
        "other labels"
    )


def test_small_differences_are_labels(told):
    assert told(["1e-9", "2e-8", "3e-9"], task="regression") == []
    assert told(["100000000", "100000001"], task="regression") == []


def test_numbers_whose_squares_are_none(tmp_path, table):
    assert refused(tmp_path, table(["1", "-3.5e140"]), task="regression").endswith(
        "l.tsv: line 3 (record 'r1'): label '-3.5e140' is too large (the limit is 1e+140), because "
        "its square exceeds double precision; give labels in another unit, or as logarithms"
    )


def test_shards_tell_the_same(tmp_path, table, capfd):
    source, options = table(["A", "a", "b"] * 4), DatasetOptions()
    parts = [tmp_path / f"{k}.parquet" for k in (1, 2)]
    for k, part in enumerate(parts, 1):
        encode_shard([source], part, parse_shard(f"{k}-of-2"), options=options)
    gather_shards(parts, tmp_path / "o.parquet", tmp_path / "a.tsv", options=options)
    assert "different: 'A' and 'a'" in capfd.readouterr().err
    source.labels.write_text("id\tlabel\n" + "".join(f"r{k}\t5\n" for k in range(12)))
    options = DatasetOptions(task="regression")
    for k, part in enumerate(parts, 1):
        encode_shard([source], part, parse_shard(f"{k}-of-2"), options=options)
    with pytest.raises(InputError, match="every label is 5; there is nothing to learn"):
        gather_shards(parts, tmp_path / "p.parquet", tmp_path / "a.tsv", options=options)
