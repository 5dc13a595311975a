"""The page on new sequences: its counts are those of the predictions, whatever the task."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.config.models import ModelConfig
from bioseqrnn.networks.classifier import SequenceClassifier
from bioseqrnn.networks.store import save_model
from bioseqrnn.stages.prediction.run import predict_query
from bioseqrnn.stages.report import queries as counted
from bioseqrnn.stages.report.new_sequences import report_queries
from bioseqrnn.stages.report.queries import LISTED, summarise, tables_of
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.io import parquet_writer, write_parquet
from bioseqrnn.tasks import TASKS

CPU = MachineConfig(device="cpu")
CLASSES = {
    "binary": ["no", "yes"], "multiclass": ["a", "b|c", "d"], "multilabel": ["a", "b"],
    "regression": [], "per_position": ["H", "E"],
}  # fmt: skip
EVIL = "<script>alert(1)</script>"


def predicted(folder, task, records=70):
    """Predictions of an untrained network for random records, some of which it cannot take."""
    torch.manual_seed(1)
    classes = CLASSES[task]
    config = ModelConfig(
        cell="gru", hidden_size=4, stem_filters=0, positions=0 if task == "per_position" else "auto"
    )
    network = SequenceClassifier(config, 4, TASKS[task].outputs(classes), TASKS[task])
    card = {
        "alphabet": "dna", "symbols": "ACGT", "classes": classes, "task": task,
        "config": config.model_dump(), "model": "gru", "trained_on": 10,
        "thresholds": dict.fromkeys(classes, 0.5),
    }  # fmt: skip
    save_model(folder / "model.safetensors", network, card)
    rng = np.random.default_rng(1)
    texts = ["".join(rng.choice(list("ACGT"), size)) for size in rng.integers(1, 60, size=records)]
    bad = f">{EVIL}\nAC!GT\n>empty\n"
    fasta = folder / "new.fa"
    fasta.write_text("".join(f">q{i}\n{text}\n" for i, text in enumerate(texts)) + bad)
    path = folder / "new.parquet"
    predict_query(fasta, folder / "model.safetensors", [path], machine=CPU)
    return path


def with_columns(path, **columns):
    """The same predictions with other values in some columns, in row groups of ten."""
    file = pq.ParquetFile(path)
    table = file.read()
    for name, values in columns.items():
        place = table.schema.get_field_index(name)
        values = pa.array(values, pa.string())
        if place >= 0:
            table = table.set_column(place, name, values)
        else:
            table = table.append_column(name, values)
    metadata = json.loads(file.metadata.metadata[b"bioseqrnn"])
    out = path.with_name("other.parquet")
    with parquet_writer(out, table.schema.remove_metadata(), metadata) as writer:
        writer.write_table(table.replace_schema_metadata(), row_group_size=10)
    return out


@pytest.mark.parametrize("task", CLASSES)
def test_counts_are_those_of_the_rows(tmp_path, task):
    path = predicted(tmp_path, task)
    rng = np.random.default_rng(2)
    domains = rng.choice(["inside", "edge", "outside"], 72)
    path = with_columns(path, domain=[*domains[:70], None, None])
    rows = pd.read_parquet(path)
    tables = tables_of([summarise(path)])
    query = tables["queries"].iloc[0]
    assert (query["records"], query["predicted"], query["refused"]) == (72, 70, 2)
    taken = rows[rows["status"] == "predicted"]
    for domain in ("inside", "edge", "outside"):
        assert query[domain] == (taken["domain"] == domain).sum()
    marked = tables["marked"]
    outside = taken[taken["domain"] == "outside"].head(LISTED)
    assert marked.loc[marked["mark"] == "outside", "id"].tolist() == outside["id"].tolist()
    assert marked.loc[marked["mark"] == "refused", "id"].tolist() == [EVIL, "empty"]
    assert "'!' is not a DNA letter" in marked.loc[marked["id"] == EVIL, "reason"].item()
    calls = tables["calls"]
    if task == "regression":
        assert calls.empty
        np.testing.assert_allclose(query["value_mean"], taken["value"].mean())
        assert query["value_low"] == taken["value"].min()
        return
    for row in calls.itertuples():
        for domain in ("inside", "edge", "outside"):
            texts = taken.loc[taken["domain"] == domain, "call"]
            if task == "per_position":
                expected = texts.str.count(row._2).sum()
            elif row._2 == "(none)":
                expected = (texts == "").sum()
            else:
                expected = texts.str.split(";").map(lambda names, one=row._2: one in names).sum()
            assert getattr(row, domain) == expected
    total = taken["length"].sum() if task == "per_position" else 70
    assert calls["called"].sum() >= total
    if task in ("binary", "multilabel"):
        assert calls.set_index("class")["threshold"].dropna().eq(0.5).all()


def test_sets_are_counted_by_their_size(tmp_path):
    path = predicted(tmp_path, "multiclass")
    sets = ["", "b|c", "a", "a|b|c"] * 17 + ["d", "d", None, None]
    query = tables_of([summarise(with_columns(path, prediction_set=sets))])["queries"].iloc[0]
    assert [query[f"set_{size}"] for size in ("empty", "single", "several")] == [17, 36, 17]


def test_only_one_row_group_is_in_memory(tmp_path, monkeypatch):
    path = with_columns(predicted(tmp_path, "binary"))
    sizes = []
    count = counted._count
    monkeypatch.setattr(
        counted, "_count", lambda summary, part: (sizes.append(len(part)), count(summary, part))
    )
    summarise(path)
    assert sizes == [10] * 7 + [2]


def test_the_page_marks_and_escapes(tmp_path):
    path = predicted(tmp_path, "binary")
    path = with_columns(path, domain=["inside", "outside"] * 35 + [None, None])
    report_queries([path], tmp_path / "report", dataset="toy")
    page = (tmp_path / "report" / "predictions.html").read_text()
    assert EVIL not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert len(re.findall(r"\(⚠\u00a0outside\)", page)) == LISTED
    for name in ("queries", "calls", "marked"):
        assert len(pd.read_csv(tmp_path / "report" / "predictions" / f"{name}.tsv", sep="\t"))


def test_other_files_are_refused(tmp_path):
    path = predicted(tmp_path, "binary")
    (tmp_path / "again").mkdir()
    twin = tmp_path / "again" / "new.parquet"
    twin.write_bytes(path.read_bytes())
    with pytest.raises(InputError, match="2 files of predictions are named new; rename one"):
        report_queries([path, twin], tmp_path / "report", dataset="toy")
    metadata = json.loads(pq.ParquetFile(path).metadata.metadata[b"bioseqrnn"])
    for wrong, said in (({"format": 3}, "has format 3"), ({"task": "x"}, "task")):
        write_parquet(tmp_path / "old.parquet", pq.read_table(path), metadata | wrong)
        with pytest.raises(InputError, match=said):
            report_queries([tmp_path / "old.parquet"], tmp_path / "report", dataset="toy")
    assert not (tmp_path / "report").exists()
