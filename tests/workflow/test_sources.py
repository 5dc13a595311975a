"""Every source of labels and sequences in the real workflow."""

from __future__ import annotations

import json
import random

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

pytestmark = pytest.mark.workflow


def read(project, dataset):
    table = pq.read_table(project.folder / "results" / dataset / "sequences.parquet")
    return table.to_pandas(), json.loads(table.schema.metadata[b"bioseqrnn"])


def sheet(project, *rows):
    """Write datasets.tsv from rows of cells with blanks as '-'."""
    text = "\n".join("\t".join("" if c == "-" else c for c in row.split()) for row in rows)
    (project.folder / "config" / "datasets.tsv").write_text(text + "\n")
    project.write_sheet("queries", "query dataset fasta")


def options(project, **by_dataset):
    config = project.read_config()
    config["dataset_options"] = by_dataset
    project.write_config(config)


def fasta(project, name, count=12, seed=1, title=""):
    rng = random.Random(f"{seed} {name}")
    path = project.folder / "data" / name
    path.parent.mkdir(exist_ok=True)
    texts = ["".join(rng.choices("ACGT", k=50)) for _ in range(count)]
    lines = (f">{name}.{i}{title.format(i % 2)}\n{text}\n" for i, text in enumerate(texts))
    path.write_text("".join(lines))


def run(project, *targets):
    done = project.snakemake(*targets)
    assert done.code == 0, done.out + done.err


def test_globs_and_folders_and_what_an_added_or_changed_file_reruns(project):
    for name in ("a.fa", "b.fa"):
        (project.folder / "data" / "many").mkdir(exist_ok=True)
        fasta(project, f"many/{name}")
    for name in ("x1.fasta", "x2.fasta", "y.fa"):
        fasta(project, name)
    sheet(project, "dataset fasta label", "d data/many p", "d data/x*.fasta n", "e data/y.fa p",
          "e data/x1.fasta n")  # fmt: skip
    options(project)
    targets = [f"results/{dataset}/sequences.parquet" for dataset in "de"]
    run(project, *targets)
    frame, metadata = read(project, "d")
    assert frame["source"].unique().tolist() == ["a.fa", "b.fa", "x1.fasta", "x2.fasta"]
    assert frame.groupby("source", observed=True)["label"].first().tolist() == list("ppnn")
    assert set(metadata["sources"]) == {"a.fa", "b.fa", "x1.fasta", "x2.fasta"}
    assert not project.planned(*targets)
    (project.folder / "data" / "notes.txt").write_text("no FASTA")
    assert not project.planned(*targets)
    fasta(project, "many/c.fa")
    assert project.planned(*targets) == {"encode_sequences d": 1}
    run(project, *targets)
    assert len(read(project, "d")[0]) == 60
    fasta(project, "x2.fasta", seed=2)
    assert project.planned(*targets) == {"encode_sequences d": 1}
    (project.folder / "data" / "many" / "c.fa").unlink()
    fasta(project, "x2.fasta")
    run(project, *targets)
    assert len(read(project, "d")[0]) == 48


@pytest.mark.parametrize("shards", [3])
def test_shards_make_the_same_table_and_are_removed(project, shards):
    sheet(
        project, "dataset fasta label", "dna data/EI.fa EI", "dna data/IE.fa IE", "dna data/N.fa N"
    )
    options(project, dna={"negatives": {"method": "shuffle"}})
    target = "results/dna/sequences.parquet"
    run(project, target)
    results = project.folder / "results" / "dna"
    names = ("sequences.parquet", "intake.tsv")
    whole = [(results / name).read_bytes() for name in names]
    for name in names:
        (results / name).unlink()
    config = project.read_config()
    config["shards"] = shards
    project.write_config(config)
    jobs = project.planned(target)
    assert jobs["gather_shards dna"] == 1
    assert [jobs[f"encode_shard dna {i}-of-3"] for i in (1, 2, 3)] == [1, 1, 1]
    run(project, target)
    assert [(results / name).read_bytes() for name in names] == whole
    assert not list(results.glob("shards/*"))
    assert not project.planned(target)
    path = project.folder / "data" / "EI.fa"
    path.touch()
    assert not project.planned(target)
    path.write_text(path.read_text().replace(">", ">x", 1))
    jobs = project.planned(target)
    assert jobs["gather_shards dna"] == 1
    assert sum(jobs.values()) == 4
    run(project, target)
    assert read(project, "dna")[0]["id"][0].startswith("x")


def test_negatives_intervals_and_keys(project):
    fasta(project, "genome.fa", count=100)
    fasta(project, "sites.fa")
    fasta(project, "keyed.fa", title=" class=c{}")
    rows = [f"genome.fa.{i}\t10\t40\t{'pq'[i % 2]}" for i in range(20)]
    (project.folder / "data" / "some.bed").write_text("\n".join(rows))
    (project.folder / "data" / "l.tsv").write_text(
        "id\tlabel\tgroup\n"
        + "".join(f"sites.fa.{i}\t{'ab'[i % 2]}\tg{i % 5}\n" for i in range(12))
    )
    sheet(project, "dataset fasta label labels label_key intervals",
          "shuffled data/sites.fa p - - -", "drawn data/sites.fa p - - -",
          "keyed data/keyed.fa - - class -", "windows data/genome.fa - - - data/some.bed",
          "listed data/sites.fa - data/l.tsv - -")  # fmt: skip
    drawn = {"method": "genome", "genome": "data/genome.fa"}
    options(
        project, shuffled={"negatives": {"method": "shuffle", "per_positive": 2}},
        drawn={"negatives": drawn}, windows={"window": 20},
        # a labels TSV may name more than the records have
        listed={"classes": ["a", "b"]},
    )  # fmt: skip
    datasets = ("shuffled", "drawn", "keyed", "windows", "listed")
    targets = [f"results/{dataset}/sequences.parquet" for dataset in datasets]
    planned = project.planned()
    assert planned["build_report windows"] == 1
    # only these records have places on a genome
    assert [job for job in planned if job.startswith("write_tracks")] == ["write_tracks windows"]
    run(project, *targets)
    counts = {d: read(project, d)[0]["label"].value_counts().to_dict() for d in datasets}
    assert counts == {
        "shuffled": {"p": 12, "negative": 24},
        "drawn": {"p": 12, "negative": 12},
        "keyed": {"c0": 6, "c1": 6},
        "windows": {"p": 10, "q": 10},
        "listed": {"a": 6, "b": 6},
    }
    assert set(read(project, "windows")[0]["length"]) == {20}
    assert set(read(project, "drawn")[1]["sources"]) == {"sites.fa", "genome.fa"}
    assert read(project, "drawn")[1]["classes"] == ["negative", "p"]
    # every file counts: intervals, labels and the genome of negatives
    for name, dataset in (("some.bed", "windows"), ("l.tsv", "listed"), ("genome.fa", "drawn")):
        path = project.folder / "data" / name
        text = path.read_text()
        path.write_text(text + "\n")
        assert project.planned(f"results/{dataset}/sequences.parquet") == {
            f"encode_sequences {dataset}": 1
        }
        path.write_text(text)


def test_windows_of_a_genome_have_tracks_of_what_decides(project):
    import pybigtools

    text = "".join(random.Random(1).choices("ACGT", k=800))
    (project.folder / "data" / "g.fa").write_text(f">one\n{text[:600]}\n>two\n{text[600:]}\n")
    places = [("one", 18 * i) for i in range(30)] + [("two", 18 * i) for i in range(10)]
    rows = [
        f"{chrom}\t{start + 3}\t{start + 33}\t{'pq'[i // 2 % 2]}\t0\t{'+-'[i % 2]}"
        for i, (chrom, start) in enumerate(places)
    ]
    (project.folder / "data" / "some.bed").write_text("\n".join(rows))
    sheet(project, "dataset fasta intervals", "windows data/g.fa data/some.bed")
    config = project.read_config()
    config["folds"]["grouping"] = "duplicates"
    config["models"] = {"rnn": config["models"]["rnn"]}
    small = {"records": 30, "method": "gradients", "permuted": 0, "tests": 0}
    project.write_config(config | {"explanation": small})
    options(project, windows={"classes": ["p", "q"], "positive": "q"})
    target = "results/windows/explanation/tracks"
    run(project, target)
    (path,) = (project.folder / target).glob("*.bw")
    assert path.name == "attributions.q.bw"
    track = pybigtools.open(str(path))
    assert track.chroms() == {"one": 600, "two": 200}
    explained = pq.read_table(project.folder / "results/windows/explanation/attributions.parquet")
    ids = set(explained.column("id").to_pylist())
    frame = read(project, "windows")[0]
    assert len(ids) == 30 < len(frame)
    wanted = {"one": set(), "two": set()}
    for row in frame[frame["id"].isin(ids)].itertuples():
        wanted[row.chrom.rpartition(":")[2]] |= set(range(row.start, row.start + 30))
    for chrom, bases in wanted.items():
        found = {base for a, b, _ in track.records(chrom) for base in range(a, b)}
        assert found == bases
    assert not project.planned(target)


def test_other_tasks_are_encoded_audited_and_dealt(project):
    fasta(project, "y.fa", title=" y={}.5 go=a;b")
    path = project.folder / "data" / "y.fa"
    path.write_text(path.read_text().replace("go=a;b", "go=a", 6))
    letters = np.random.default_rng(1).choice(list("ACGT"), (12, 40))
    lines = [f">{i}\n{''.join(text)}\n{'HE' * 19}CC\n" for i, text in enumerate(letters)]
    (project.folder / "data" / "three.txt").write_text("".join(lines))
    sheet(project, "dataset fasta label_key", "regression data/y.fa y", "multilabel data/y.fa go",
          "per_position data/three.txt -")  # fmt: skip
    tasks = ("regression", "multilabel", "per_position")
    options(project, **{task: {"task": task} for task in tasks})
    done = project.snakemake(*(f"results/{task}/{name}" for task in tasks
                               for name in ("checks.tsv", "folds.parquet")))  # fmt: skip
    assert done.code == 0, done.err
    for task in tasks:
        results = project.folder / "results" / task
        checks = pd.read_csv(results / "checks.tsv", sep="\t", index_col="check")
        assert checks.loc["duplicates", "value"] == 0
        assert "no single class" in checks.loc["label_conflicts", "explanation"]
        assert read(project, task)[1]["task"] == task
        assert set(read(project, task)[0]["id"]) == set(
            pd.read_parquet(results / "folds.parquet")["id"]
        )
