from __future__ import annotations

import numpy as np
import pyarrow.parquet as pq
import pytest
from conftest import encode, pack
from hypothesis import given
from hypothesis import strategies as st

from bioseqrnn.config.folds import FoldsConfig
from bioseqrnn.fasta.sources import Source
from bioseqrnn.onehot.alphabet import DNA
from bioseqrnn.splits.assign import assign_roles
from bioseqrnn.splits.deal import deal_groups
from bioseqrnn.stages.folds.groups import merge_groups, sequence_keys
from bioseqrnn.stages.folds.run import split_table
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.folds import ROLES, TEST, TRAIN, VALIDATION, read_folds


def split(table, path, **options):
    settings = {"count": 5, "validation_fraction": 0.1, "seed": 1, "grouping": "duplicates"}
    split_table(table, path, FoldsConfig(**settings | options))
    return read_folds(path, table)


def names_of_roles(*values, **options):
    return np.array(ROLES)[assign_roles(*values, **options)]


def test_splice_folds_are_balanced_and_twins_stay_together(splice, tmp_path):
    folds = split(splice, tmp_path / "folds.parquet")
    onehot, _ = splice.dense(np.arange(len(splice)))
    _, sequence = np.unique(onehot.reshape(len(splice), -1), axis=0, return_inverse=True)
    assert len(np.unique(folds.groups)) == len(np.unique(sequence)) < len(splice)
    for k in range(5):
        roles = folds.roles[:, k]
        assert np.array_equal(roles == TEST, folds.fold == k)
        for role in (TRAIN, VALIDATION, TEST):
            inside = set(sequence[roles == role])
            assert inside.isdisjoint(sequence[roles != role])
        for code in range(3):
            of_class = splice.targets == code
            assert abs((of_class & (roles == TEST)).sum() - of_class.sum() / 5) <= 2
            assert abs((of_class & (roles == VALIDATION)).sum() - of_class.sum() * 0.08) <= 3


def test_columns_and_determinism(acp, tmp_path):
    split(acp, tmp_path / "a.parquet")
    split(acp, tmp_path / "b.parquet")
    split(acp, tmp_path / "c.parquet", seed=2)
    names = pq.read_schema(tmp_path / "a.parquet").names
    assert names == ["id", "group", "fold", *[f"role_{k}" for k in range(5)]]
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
    assert (tmp_path / "a.parquet").read_bytes() != (tmp_path / "c.parquet").read_bytes()


def test_reverse_complements_are_twins_only_where_strands_are_equivalent():
    packed = pack(["AACG", "CGTT", "ACGT", "AACC"], DNA)
    assert sequence_keys(packed, both_strands=False).tolist() == [0, 1, 2, 3]
    assert sequence_keys(packed, both_strands=True).tolist() == [0, 0, 1, 2]


def test_strands_and_user_groups_reach_the_folds(tmp_path):
    fasta = "".join(
        f">{i}\n{'ACGT'[i % 4] * 9}{'AC'[i // 4 % 2]}{i % 3 * 'G'}\n" for i in range(24)
    )
    (tmp_path / "x.fa").write_text(fasta + ">f\nAACGGTA\n>r\nTACCGTT\n")
    rows = [f"{i}\t{'ab'[i % 2]}\tg{i // 3}" for i in range(24)]
    labels = "id\tlabel\tgroup\n" + "\n".join([*rows, "f\ta\t", "r\tb\t"]) + "\n"
    (tmp_path / "labels.tsv").write_text(labels)
    table = encode(
        tmp_path, [Source(tmp_path / "x.fa", labels=tmp_path / "labels.tsv")], strands="both"
    )
    folds = split(table, tmp_path / "folds.parquet", count=2, validation_fraction=0.3)
    for i in range(0, 24, 3):
        assert len(set(folds.groups[i : i + 3])) == 1
    assert folds.groups[24] == folds.groups[25]


def test_merge_groups_follows_chains():
    first = np.array([0, 0, 1, 2, 3])
    second = np.array([-1, 5, 5, -1, -1])
    assert merge_groups(first, second).tolist() == [0, 0, 0, 1, 2]


@given(st.data())
def test_groups_never_straddle_and_every_record_has_a_fold(data):
    n = data.draw(st.integers(10, 80))
    folds = data.draw(st.integers(2, 5))
    targets = np.array(data.draw(st.lists(st.integers(0, 2), min_size=n, max_size=n)))
    raw = np.array(data.draw(st.lists(st.integers(0, n // 2), min_size=n, max_size=n)))
    groups = merge_groups(raw)
    fold = deal_groups(targets, groups, np.full(folds, 1 / folds), seed=3)
    assert ((fold >= 0) & (fold < folds)).all()
    assert all(len(set(fold[groups == g])) == 1 for g in groups)


def test_too_few_records_of_a_class():
    targets = np.array([0] * 10 + [1] * 3)
    with pytest.raises(InputError, match="class 'b' has 3 records, fewer than 5 folds"):
        assign_roles(targets, np.arange(13), ["a", "b"], folds=5, validation_fraction=0.1, seed=1)
    with pytest.raises(InputError, match="class 'b' has 5 records but only 2 groups"):
        assign_roles(
            np.array([0] * 10 + [1] * 5),
            np.concatenate([np.arange(10), [10, 10, 10, 10, 11]]),
            ["a", "b"],
            folds=5,
            validation_fraction=0.1,
            seed=1,
        )


@pytest.mark.parametrize(
    ("sizes", "groups", "message"),
    [
        ((3, 3), range(6), (
            "class 'a' has 3 records: too few for training, validation and test (fold 0 has no "
            "train record of it); add records"
        )),
        ((1, 9), range(10), (
            "class 'a' has 1 record, fewer than 2 folds; add records, or correct a misspelled "
            "label"
        )),
        ((4, 9), [0, 0, 0, 0, *range(1, 10)], "class 'a' has 4 records but only 1 group of "
         "distinct sequences, fewer than 2 folds; add records of other groups"),
    ],
)  # fmt: skip
def test_what_is_said_of_a_class_of_few_records(sizes, groups, message):
    targets = np.repeat([0, 1], sizes)
    with pytest.raises(InputError) as caught:
        assign_roles(
            targets, np.array(groups), ["a", "b"], folds=2, validation_fraction=0.1, seed=1
        )
    assert str(caught.value) == f"dataset: {message}"


def test_more_folds_than_groups():
    for count, lower in ((4, " or lower folds.count"), (2, "")):
        with pytest.raises(InputError) as caught:
            assign_roles(
                np.zeros(20, np.int64), np.arange(20) % count, None, folds=5,
                validation_fraction=0.1, seed=1,
            )  # fmt: skip
        assert str(caught.value) == (
            f"dataset: 20 records in {count} groups, fewer groups than 5 folds; add records of "
            f"other groups{lower}"
        )


def regression(folder, *parts):
    """Records with numbers, of a given split: (split, labels)."""
    folder.mkdir()
    sources, number = [], 0
    for split_, labels in parts:
        text, rows = "", "id\tlabel\n"
        for label in labels:
            bases = "".join("ACGT"[number >> shift & 3] for shift in range(0, 12, 2))
            text += f">r{number}\n{bases}\n"
            rows += f"r{number}\t{label}\n"
            number += 1
        fasta, table = folder / f"{split_}.fa", folder / f"{split_}.tsv"
        fasta.write_text(text)
        table.write_text(rows)
        sources.append(Source(fasta, labels=table, split=split_))
    return encode(folder, sources, task="regression")


def test_numbers_that_are_all_the_same_in_training(tmp_path):
    given_ = regression(tmp_path / "g", ("train", [5] * 8), ("test", [5, 6, 7]))
    with pytest.raises(InputError) as caught:
        split(given_, tmp_path / "f.parquet")
    assert str(caught.value) == (
        "dataset: every training record of the given split has the label 5; there is nothing to "
        "learn; add records with other labels"
    )
    dealt = regression(tmp_path / "d", (None, [5] * 30 + [6]))
    with pytest.raises(InputError, match=r"every training record of fold \d has the label 5"):
        split(dealt, tmp_path / "f.parquet")
    assert not (tmp_path / "f.parquet").exists()


def test_a_class_that_no_record_validates_is_told(tmp_path, capfd):
    sources = []
    for k, (part, label) in enumerate(
        [("train", "a"), ("train", "b"), ("validation", "a"), ("test", "a"), ("test", "b")]
    ):
        path = tmp_path / f"{part}{label}.fa"
        path.write_text(f">r{k}\nACGTTT{'ACGTA'[k]}\n")
        sources.append(Source(path, label, split=part))
    split(encode(tmp_path, sources), tmp_path / "f.parquet")
    assert capfd.readouterr().err.splitlines()[-1] == (
        "warning: dataset: no record of class 'b' is used for validation; add records"
    )


def test_small_classes_still_train_in_every_fold():
    targets = np.array([0] * 5 + [1] * 5)
    roles = names_of_roles(
        targets, np.arange(10), ["a", "b"], folds=5, validation_fraction=0.1, seed=1
    )
    for k in range(5):
        for code in (0, 1):
            of_class = roles[targets == code, k]
            assert (of_class == TRAIN).sum() == 3
            assert (of_class == VALIDATION).sum() == 1


def test_folds_of_another_table_are_refused(splice, acp, tmp_path):
    split(acp, tmp_path / "folds.parquet")
    with pytest.raises(InputError, match="its ids differ from those of the sequence table"):
        read_folds(tmp_path / "folds.parquet", splice)


@pytest.mark.parametrize("count", [5, 6, 8, 12, 40])
def test_few_large_groups_still_validate_in_every_fold(count):
    """Groups like chromosomes, each with records of both classes."""
    groups = np.repeat(np.arange(count), 20)
    targets = np.tile([0, 1], len(groups) // 2)
    roles = names_of_roles(targets, groups, ["a", "b"], folds=5, validation_fraction=0.1, seed=1)
    for k in range(5):
        inside = groups[roles[:, k] == VALIDATION]
        assert 20 <= len(inside) <= max(20, 0.15 * len(groups))
        assert set(inside).isdisjoint(groups[roles[:, k] != VALIDATION])


def test_two_groups_cannot_make_three_roles():
    with pytest.raises(InputError, match="fold 0 has no"):
        assign_roles(
            np.tile([0, 1], 20), np.repeat([0, 1], 20), ["a", "b"],
            folds=2, validation_fraction=0.1, seed=1,
        )  # fmt: skip


@pytest.mark.parametrize("fraction", [0.05, 0.1, 0.25, 0.4, 0.5])
def test_validation_fraction_is_what_is_asked_for(fraction):
    targets = np.array([0] * 1000 + [1] * 4000 + [2] * 5)
    roles = names_of_roles(
        targets, np.arange(5005), list("abc"), folds=5, validation_fraction=fraction, seed=1
    )
    for k in range(5):
        for code, size in ((0, 800), (1, 3200)):
            validating = (roles[targets == code, k] == VALIDATION).sum()
            assert validating == pytest.approx(fraction * size, abs=1)
        assert (roles[targets == 2, k] == VALIDATION).sum() in (1, 2)


def test_folds_of_other_sequences_with_the_same_ids_are_refused(tmp_path):
    tables = []
    for name, base in (("one", "A"), ("two", "C")):
        (tmp_path / name).mkdir()
        for label in "xy":
            records = "".join(f">{label}{i}\n{base * (i + 5)}G\n" for i in range(6))
            (tmp_path / name / f"{label}.fa").write_text(records)
        sources = [Source(tmp_path / name / f"{label}.fa", label) for label in "xy"]
        tables.append(encode(tmp_path / name, sources, alphabet="dna"))
    split(tables[0], tmp_path / "folds.parquet", count=2)
    with pytest.raises(InputError, match="made for other FASTA files"):
        read_folds(tmp_path / "folds.parquet", tables[1])
