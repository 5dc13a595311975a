"""Tasks of more than one class a record, through the whole DAG."""

from __future__ import annotations

import gzip

import pandas as pd
import pyarrow.parquet as pq
import pytest
from conftest import RESOURCES, write_exons

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("tasks")]

# what is known of a bundled sequence by its file
SITES = {"EI": "junction;donor", "IE": "junction;acceptor", "N": ""}
CHARGES = {"K": 1, "R": 1, "D": -1, "E": -1}


def bundled(name, count):
    """(id, sequence) of the first bundled records of a file."""
    records = (RESOURCES / f"{name}.fa").read_text().split(">")[1 : count + 1]
    return [(text.split()[0], "".join(text.split("\n")[1:])) for text in records]


def write_labelled(folder, name, rows):
    fasta = "".join(f">{record}\n{sequence}\n" for record, sequence, _ in rows)
    (folder / f"{name}.fa").write_text(fasta)
    labels = "".join(f"{record}\t{label}\n" for record, _, label in rows)
    (folder / f"{name}.tsv").write_text("id\tlabel\n" + labels)


@pytest.fixture(scope="module")
def tasks(new_project, tmp_path_factory):
    """A dataset a task, of bundled records, run to the report and to predictions."""
    project = new_project(tmp_path_factory.mktemp("tasks") / "project")
    data = project.folder / "data"
    # the side of a junction that a base is on, in contigs of several
    write_exons(data / "sides.txt", 4, 15)
    lines = (data / "sides.txt").read_text().split("\n")
    (data / "contig.fa").write_text(f"{lines[0]}\n{lines[1]}\n")
    sites = [(n, s, SITES[c]) for c in SITES for n, s in bundled(f"splice/{c}", 40)]
    write_labelled(data, "sites", sites)
    peptides = bundled("acp/ACP", 60) + bundled("acp/Random", 60)
    charge = [(n, s, sum(CHARGES.get(letter, 0) for letter in s)) for n, s in peptides]
    write_labelled(data, "charge", charge)
    project.write_sheet(
        "datasets",
        "dataset fasta labels",
        "sides data/sides.txt",
        "sites data/sites.fa data/sites.tsv",
        "charge data/charge.fa data/charge.tsv",
    )
    project.write_sheet(
        "queries",
        "query dataset fasta",
        "contig sides data/contig.fa",
        "new sites data/query.fa",
        "more charge data/ACP.fa",
    )
    config = project.read_config()
    config["dataset_options"] = {
        "sides": {"task": "per_position", "alphabet": "dna", "block": 100},
        "sites": {"task": "multilabel", "alphabet": "dna"},
        "charge": {"task": "regression", "alphabet": "protein"},
    }
    config["models"] = {
        "gru": {
            "cell": "gru", "hidden_size": 6, "stem_filters": 6, "epochs": 2,
            "window": 60, "window_overlap": 20, "residues_per_step": 3,
        }
    }  # fmt: skip
    config["baselines"] = ["composition"]
    config["explanation"] = {"records": 30}
    project.write_config(config)
    done = project.snakemake()
    assert done.code == 0, done.out + done.err
    return project


def test_every_task_gets_a_report(tasks):
    for dataset in ("sides", "sites", "charge"):
        folder = tasks.folder / "results" / dataset
        assert (folder / "report/report.html").stat().st_size > 10_000
        summary = pd.read_csv(folder / "evaluation/summary.tsv", sep="\t")
        assert {"gru", "composition"} <= set(summary["model"])
        assert (folder / "explanation/motif_tests.tsv").exists()
        explained = pq.read_table(folder / "explanation/attributions.parquet").to_pandas()
        assert ("position" in explained) == (dataset == "sides")
        assert explained["reason"].eq("").all()


def test_folds_are_dealt_from_blocks(tasks):
    folder = tasks.folder / "results/sides"
    table = pq.read_table(folder / "sequences.parquet").to_pandas()
    # four contigs of 900 bases
    assert table["length"].sum() == 3600
    assert table["length"].max() == 100
    predictions = [
        row
        for path in sorted(folder.glob("models/gru/fold-*/seed-1/predictions.parquet"))
        for row in pq.read_table(path).to_pylist()
        if row["role"] == "test"
    ]
    labels = dict(zip(table["id"], table["label"], strict=True))
    assert {row["id"]: row["target"] for row in predictions} == labels
    for row in predictions:
        for name in "EIN":
            assert len(row[f"probability_{name}"]) == len(row["target"])


def test_queries_are_predicted_as_the_task_says(tasks):
    def table(dataset, query):
        return pq.read_table(tasks.folder / f"results/{dataset}/predictions/{query}.parquet")

    contig = table("sides", "contig").to_pandas()
    assert contig["call"].str.len().tolist() == [900]
    # the records of the training are its blocks
    assert contig["in_training"].tolist() == [True]
    runs = gzip.decompress(
        (tasks.folder / "results/sides/predictions/contig.bed.gz").read_bytes()
    ).decode()
    calls = [line.split("\t") for line in runs.splitlines()]
    assert "".join(c[3] * (int(c[2]) - int(c[1])) for c in calls) == contig["call"][0]
    features = gzip.decompress(
        (tasks.folder / "results/sides/predictions/contig.gff3.gz").read_bytes()
    ).decode()
    rows = [line.split("\t") for line in features.splitlines() if not line.startswith("#")]
    assert [(int(row[3]) - 1, int(row[4])) for row in rows] == [
        (int(call[1]), int(call[2])) for call in calls
    ]
    new = table("sites", "new").to_pandas()
    assert {f"probability_{name}" for name in ("acceptor", "donor", "junction")} < set(new)
    assert set(";".join(new["call"]).split(";")) <= {"acceptor", "donor", "junction", ""}
    assert "value" in table("charge", "more").column_names
    for path in (tasks.folder / "results").glob("s*/predictions/new.bed.gz"):
        raise AssertionError(f"{path}: only residues have runs")
