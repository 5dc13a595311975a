"""Ids of any characters: unharmed from FASTA to every table and the report, and nothing runs."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from conftest import encode

from bioseqrnn.fasta.sources import Source

WORDS = [
    'a"b', '"quoted"', "''", "c,d;e", "<script>alert(7654)</script>",
    "<img/src=x/onerror=alert(7654)>", "&lt;&amp;", "$(touch${IFS}owned)", "`touch${IFS}owned`",
    ";touch${IFS}owned;", "|touch>owned", ">owned", "{{7*7}}", "{0}%s%(x)s", "\\", "\\n\\t",
    "../../owned", "/etc/passwd", "-rf", "--help", "*", "~", "#x", "NA", "nan", "null", "None",
    "True", "1e5", "007", "=1+1", "ü", "日本語", "e\u0301", "\U0001f9ec", "\u202egnp", "\u200b",
    "\x1b[31m", "\x7f", "x" * 10_000,
]  # fmt: skip
# Only where the whole header is the id
HEADERS = [
    "two words",
    "tab\tinside",
    'tab\t"quote"\t',
    "a  b",
    "\u00a0c\u2028d",
    "v\x0bt",
    "f\x0cf",
]


def records(ids: list[str], seed: int) -> str:
    """Forty to sixty random nucleotides each; the first two sequences are alike."""
    rng = np.random.default_rng(seed)
    sequences = ["".join(rng.choice(list("ACGT"), rng.integers(40, 60))) for _ in ids]
    sequences[:2] = ["ACGTTGCAAC" * 5] * 2
    return "".join(f">{name}\n{text}\n" for name, text in zip(ids, sequences, strict=True))


def read_cells(path: Path) -> list[dict[str, str]]:
    data = path.read_bytes()
    if path.suffix == ".gz":
        data = gzip.decompress(data)
    return list(csv.DictReader(io.StringIO(data.decode(), newline=""), delimiter="\t"))


def test_odd_ids_from_fasta_to_report(cli, tmp_path):
    names = WORDS + HEADERS
    kept = [name.strip() for name in names]
    half = len(names) // 2
    (tmp_path / "a.fa").write_text(records(names[:half], 1), encoding="utf-8", newline="")
    (tmp_path / "b.fa").write_text(records(names[half:], 2), encoding="utf-8", newline="")
    # as a query: every id again
    (tmp_path / "query.fa").write_text(records(names, 3), encoding="utf-8", newline="")
    tables = ("--sequences", "sequences.parquet", "--folds", "folds.parquet")
    model = '{"cell": "rnn", "hidden_size": 4, "epochs": 1}'
    steps = [
        ["encode", "--fasta", "a.fa", "--label", "a", "--fasta", "b.fa", "--label", "b",
         "--options", '{"ids": "header"}', "--intake", "intake.tsv", "-o", "sequences.parquet"],
        ["audit", "--sequences", "sequences.parquet", "-o", "checks.tsv"],
        ["split", "--leaks", "leaks.tsv", "--sequences", "sequences.parquet", "-o", "folds.parquet",
         "--folds", 2],
        *(["train", *tables, "--fold", k, "--config", model, "-o", f"rnn/{k}/model.safetensors"]
          for k in (0, 1)),
        *(["baseline", *tables, "--fold", k, "--method", "composition",
           "-o", f"composition/{k}/predictions.parquet"] for k in (0, 1)),
        ["evaluate", *(f"{m}/{k}/predictions.parquet" for m in ("rnn", "composition")
                       for k in (0, 1)), "--folds", "folds.parquet", "-o", "evaluation"],
        ["predict", "query.fa", "--model", "rnn/0/model.safetensors", "-o", "query.parquet"],
        ["report", *tables, "--leaks", "leaks.tsv", "--intake", "intake.tsv", "--checks",
         "checks.tsv", "--evaluation", "evaluation", "-o", "report"],
    ]  # fmt: skip
    for step in steps:
        done = cli(*step)
        assert done.code == 0, (step, done.err)
        assert "Traceback" not in done.err
        assert "\x1b[31m" not in done.err
    assert pq.read_table(tmp_path / "sequences.parquet").column("id").to_pylist() == kept
    assert sorted(pq.read_table(tmp_path / "folds.parquet").column("id").to_pylist()) == sorted(
        kept
    )
    tested = [
        name
        for k in (0, 1)
        for name in pq.read_table(
            tmp_path / f"rnn/{k}/predictions.parquet", filters=[("role", "=", "test")]
        )["id"].to_pylist()
    ]
    assert sorted(tested) == sorted(kept)
    assert pq.read_table(tmp_path / "query.parquet").column("id").to_pylist() == kept
    rows = read_cells(tmp_path / "query.tsv.gz")
    assert [row["id"] for row in rows] == kept
    assert {row["call"] for row in rows} <= {"a", "b"}
    # the first two records of both classes are alike
    flagged = read_cells(tmp_path / "flagged.tsv")
    assert {kept[0], kept[1], kept[half]} <= {row["id"] for row in flagged}
    assert all({row["id"], row["partner_id"]} <= {*kept, ""} for row in flagged)
    page = (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
    assert "<script>alert(7654)" not in page
    assert "onerror=alert(7654)>" not in page
    assert not list(tmp_path.rglob("*owned*"))


def test_odd_ids_in_a_labels_file(tmp_path):
    """Quotes are letters like any other there, too."""
    (tmp_path / "x.fa").write_text(records(WORDS, 1), encoding="utf-8", newline="")
    labels = tmp_path / "labels.tsv"
    rows = [f"{name}\t{'ab'[place % 2]}" for place, name in enumerate(WORDS)]
    labels.write_text("id\tlabel\n" + "\n".join(rows) + "\n", encoding="utf-8", newline="")
    table = encode(tmp_path, [Source(tmp_path / "x.fa", labels=labels)])
    assert table.ids == WORDS
    assert [table.classes[code] for code in table.targets[:3]] == ["a", "b", "a"]
