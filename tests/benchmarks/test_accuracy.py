"""The driver of the accuracy benchmark, on the bundled data and on tables made by hand."""

from __future__ import annotations

import json
import os
from dataclasses import replace

import pandas as pd
import pytest
import yaml
from benchmarks.accuracy.__main__ import parse
from benchmarks.accuracy.entry import Bar, Entry, Part, two_classes
from benchmarks.accuracy.report import report
from benchmarks.accuracy.results import spread
from benchmarks.accuracy.runs import LOG, run_all
from benchmarks.accuracy.sets import ENTRIES
from benchmarks.accuracy.sheets import Plan, configuration, write_project
from benchmarks.accuracy.tables import against_baselines, headline, losses, network_adds
from conftest import RESOURCES, first_records
from warm import python_for_jobs, shell_commands

from bioseqrnn.config.models import ModelConfig
from bioseqrnn.config.settings import Config
from bioseqrnn.support.errors import InputError

ACP = Entry(
    "acp", "peptides", "protein", two_classes("ACP.fa", "Random.fa"), (Bar("auroc", 0.98),), folds=5
)


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    for name in ("ACP", "Random"):
        path = RESOURCES / "acp" / f"{name}.fa"
        (folder / path.name).write_text(first_records(path, 40))
    return folder


def written(folder):
    sheet = pd.read_csv(folder / "config" / "datasets.tsv", sep="\t", keep_default_na=False)
    return sheet, yaml.safe_load((folder / "config" / "config.yaml").read_text())


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_no_set_has_settings_of_its_own(entry):
    plan = Plan()
    config = configuration(entry, plan)
    cells = plan.models[:1] if entry.variant else plan.models
    assert config["models"] == {cell: {"cell": cell} for cell in cells}
    assert config["seeds"] == [1]
    assert not set(config) & {"threads", "device", "search"}
    read = Config.model_validate(config)
    assert read.models == {cell: ModelConfig(cell=cell) for cell in cells}
    assert set(read.baselines) >= {"composition", "kmer_logistic", "gradient_boosting", "cnn"}
    searched = configuration(entry, Plan(trials=7))
    assert searched.pop("search", None) == (
        None if entry.variant else {"models": ["gru"], "trials": 7}
    )
    assert searched == config


def test_every_set_has_a_name_of_its_own():
    assert len({entry.name for entry in ENTRIES}) == len(ENTRIES)


def test_a_project_is_sheet_settings_and_seeds(data, tmp_path):
    folder = tmp_path / "work" / "acp"
    write_project(ACP, Plan(seeds=(3, 4, 5)), data, folder)
    sheet, config = written(folder)
    assert sheet.to_dict("list") == {
        "dataset": ["acp", "acp"],
        "fasta": ["data/ACP.fa", "data/Random.fa"],
        "label": ["positive", "negative"],
    }
    assert (folder / "data" / "ACP.fa").read_text() == (data / "ACP.fa").read_text()
    assert config["dataset_options"] == {"acp": {"alphabet": "protein", "positive": "positive"}}
    assert config["seeds"] == [3]
    assert json.loads((folder / "config" / "more_seeds.json").read_text()) == {
        "model": "gru",
        "seeds": [4, 5],
    }


def test_what_is_the_same_is_not_written_again(data, tmp_path):
    entry = replace(ACP, unique_ids=True)
    folder = tmp_path / "work"
    write_project(entry, Plan(), data, folder)
    files = [path for path in folder.rglob("*") if path.is_file()]
    before = {path: path.stat().st_mtime_ns for path in files}
    assert folder / "prepared" / "0-ACP.fa" in before
    write_project(entry, Plan(), data, folder)
    assert {path: path.stat().st_mtime_ns for path in files} == before


def test_ids_that_stand_twice_are_numbered(data, tmp_path):
    (data / "ACP.fa").write_text(">a one\nMK\n>b\nML\n>a two\nMV\n")
    (data / "Random.fa").write_text(">a\nMS\n")
    entry = replace(ACP, unique_ids=True)
    write_project(entry, Plan(), data, tmp_path / "work")
    sheet, _ = written(tmp_path / "work")
    texts = [(tmp_path / "work" / name).read_text() for name in sheet["fasta"]]
    assert texts == [">a one\nMK\n>b\nML\n>a#2\nMV\n", ">a#3\nMS\n"]


def test_classes_in_the_order_of_the_records_become_labels(data, tmp_path):
    (data / "classes.txt").write_text("1\n0\n1\n")
    (data / "seqs.fasta").write_text(">x first\nMK\n>y\nML\n>z\nMV\n")
    entry = replace(ACP, parts=(Part("seqs.fasta", classes="classes.txt"),))
    folder = tmp_path / "work"
    write_project(entry, Plan(), data, folder)
    sheet, config = written(folder)
    assert config["dataset_options"]["acp"]["positive"] == "positive"
    assert sheet["labels"].tolist() == ["prepared/0-labels.tsv"]
    assert (folder / sheet["labels"][0]).read_text() == (
        "id\tlabel\nx\tpositive\ny\tnegative\nz\tpositive\n"
    )


def test_headers_that_are_classes_become_labels_and_ids_become_unique(data, tmp_path):
    (data / "a.train.fasta").write_text(">1\nMK\n>0\nml\n>1\nMV\n")
    (data / "a.test.fasta").write_text(">0 \nMS\n>1\nMK\n")
    parts = tuple(
        Part(f"a.{split}.fasta", class_in_header=True, split=split) for split in ("train", "test")
    )
    entry = replace(ACP, parts=parts, folds=None)
    folder = tmp_path / "work"
    write_project(entry, Plan(), data, folder)
    sheet, config = written(folder)
    assert config["dataset_options"]["acp"]["positive"] == "positive"
    assert sheet["split"].tolist() == ["train", "test"]
    fasta, labels = ([(folder / name).read_text() for name in sheet[c]] for c in sheet.columns[1:3])
    assert fasta == [
        ">0-a.train-1\nMK\n>0-a.train-2\nml\n>0-a.train-3\nMV\n",
        ">1-a.test-1\nMS\n>1-a.test-2\nMK\n",
    ]
    assert labels == [
        "id\tlabel\n0-a.train-1\tpositive\n0-a.train-2\tnegative\n0-a.train-3\tpositive\n",
        "id\tlabel\n1-a.test-1\tnegative\n1-a.test-2\tpositive\n",
    ]

    write_project(replace(entry, without_twins=True), Plan(), data, folder)
    assert (folder / sheet["fasta"][1]).read_text() == ">1-a.test-1\nMS\n"
    assert (folder / sheet["labels"][1]).read_text() == "id\tlabel\n1-a.test-1\tnegative\n"

    (data / "a.test.fasta").write_text(">sp|1\nMS\n")
    with pytest.raises(InputError, match=r"a\.test\.fasta: class 'sp\|1'"):
        write_project(entry, Plan(), data, folder)


@pytest.mark.parametrize(
    ("classes", "message"), [("1\n0\n", "2 classes for 3 records"), ("1\n0\n2\n", "class '2'")]
)
def test_classes_that_do_not_fit_are_refused(data, tmp_path, classes, message):
    (data / "classes.txt").write_text(classes)
    (data / "seqs.fasta").write_text(">x\nMK\n>y\nML\n>z\nMV\n")
    entry = replace(ACP, parts=(Part("seqs.fasta", classes="classes.txt"),))
    with pytest.raises(InputError, match=message):
        write_project(entry, Plan(), data, tmp_path / "work")


def test_twins_of_other_parts_are_left_out_of_the_test(data, tmp_path):
    (data / "train.fa").write_text(">t\nMKL\n")
    (data / "dev.fa").write_text(">d\nMSS\n")
    (data / "test.fa").write_text(">same\nmk\nl\n>new\nMKV\n>seen\nMSS\n")
    parts = tuple(
        Part(f"{name}.fa", "positive", split=split)
        for name, split in (("train", "train"), ("dev", "validation"), ("test", "test"))
    )
    write_project(replace(ACP, parts=parts, without_twins=True), Plan(), data, tmp_path / "work")
    sheet, _ = written(tmp_path / "work")
    assert sheet["fasta"].tolist() == ["data/train.fa", "data/dev.fa", "prepared/2-test.fa"]
    assert sheet["split"].tolist() == ["train", "validation", "test"]
    assert (tmp_path / "work" / "prepared" / "2-test.fa").read_text() == ">new\nMKV\n"


def test_a_file_that_is_not_there_is_named(data, tmp_path):
    (data / "Random.fa").unlink()
    with pytest.raises(InputError, match=r"set acp: .*Random\.fa: no such file"):
        write_project(ACP, Plan(), data, tmp_path / "work")


def test_options_that_mean_nothing_are_refused(capsys):
    for words, message in (
        (["--only", "splice,mouse"], "unknown set 'mouse'"),
        (["--models", "gru,transformer"], "unknown cell 'transformer'"),
        (["--seeds", "1,x"], "whole numbers"),
    ):
        with pytest.raises(SystemExit):
            parse(["--data", ".", *words])
        assert message in capsys.readouterr().err


def test_spread_weighs_folds_by_their_records():
    rows = [
        ("gru", fold, seed, "auroc", value, n)
        for fold, seed, value, n in (
            (0, 1, 0.5, 10), (1, 1, 0.9, 30), (0, 2, 0.7, 10), (1, 2, 0.7, 30),
        )
    ] + [("lstm", 0, 1, "auroc", 0.6, 10)]  # fmt: skip
    runs = pd.DataFrame(rows, columns=["model", "fold", "seed", "metric", "estimate", "n"])
    found = spread(runs).set_index("model")
    assert found.loc["gru", "seeds"] == 2
    # 0.8 and 0.7
    assert found.loc["gru", "seeds_sd"] == pytest.approx(0.1 / 2**0.5)
    assert found.loc["lstm", "seeds"] == 1
    assert pd.isna(found.loc["lstm", "seeds_sd"])


def frames():
    """Two sets. The combination is the best on the first; on the second, one baseline is."""
    scores = [
        ("acp", "combined", "combined", 0.985, 0.975, 0.992),
        ("acp", "combined_without_network", "combined", 0.96, 0.94, 0.98),
        ("acp", "gru", "network", 0.95, 0.93, 0.97),
        ("acp", "gru_ensemble", "network", 0.99, 0.98, 1.0),
        ("acp", "selected", "network", 0.97, 0.96, 0.98),
        ("acp", "lstm", "network", 0.90, 0.88, 0.92),
        ("acp", "kmer", "baseline", 0.94, 0.92, 0.96),
        ("acp", "pwm", "baseline", 0.80, 0.78, 0.82),
        ("hiv", "combined", "combined", 0.89, 0.87, 0.91),
        ("hiv", "combined_without_network", "combined", 0.91, 0.89, 0.93),
        ("hiv", "gru", "network", 0.85, 0.83, 0.87),
        ("hiv", "selected", "network", 0.84, 0.82, 0.86),
        ("hiv", "lstm", "network", 0.84, 0.82, 0.86),
        ("hiv", "kmer", "baseline", 0.90, 0.88, 0.92),
    ]
    columns = ["entry", "model", "kind", "estimate", "ci_low", "ci_high"]
    left = pd.DataFrame(scores, columns=columns).assign(
        metric="auroc", n=826, seeds_sd=0.004, test_alike=0.124
    )
    differences = [
        ("acp", "gru", "kmer", 0.01, -0.01, 0.03),
        ("acp", "gru", "pwm", 0.15, 0.12, 0.18),
        ("acp", "lstm", "kmer", -0.04, -0.06, -0.02),
        ("hiv", "gru", "kmer", -0.05, -0.08, -0.02),
        ("hiv", "lstm", "kmer", -0.06, -0.12, 0.0),
        ("acp", "combined", "combined_without_network", 0.025, 0.015, 0.035),
        ("acp", "combined", "gru", 0.035, -0.005, 0.075),
        ("hiv", "combined", "combined_without_network", -0.02, -0.03, -0.01),
        ("hiv", "combined", "kmer", -0.01, -0.02, 0.0),
    ]
    columns = ["entry", "model", "baseline", "difference", "ci_low", "ci_high"]
    return left, pd.DataFrame(differences, columns=columns).assign(metric="auroc")


HIV = replace(ACP, name="hiv", bars=(Bar("auroc"),), grouping="homology", note="short")


def told(scores, comparisons):
    head, _, *rows = headline([ACP, HIV], ("gru", "lstm"), scores, comparisons).splitlines()
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in (head, *rows)]
    return [dict(zip(cells[0], row, strict=True)) for row in cells[1:]]


def test_headline_judges_the_combination():
    acp, hiv = told(*frames())
    assert acp == {
        "set": "acp",
        "protocol": "5-fold, duplicates grouped",
        "alike training": "12%",
        "n": "826",
        "metric": "auroc",
        "combined": "0.985 (0.975 to 0.992)",
        "target": "≥ 0.980",
        "reached": "yes",
        "combined_without_network": "0.960 (0.940 to 0.980)",
        "combined minus combined_without_network": "+0.025 (+0.015 to +0.035)",
        # neither the seeds together nor the choice of each fold is a single method
        "best single method": "gru 0.950 (0.930 to 0.970)",
        "combined minus best single method": "+0.035 (-0.005 to +0.075)",
        "gru": "0.950 (0.930 to 0.970)",
        "± seeds": "0.004",
        "gru, seeds together": "0.990 (0.980 to 1.000)",
        "selected": "0.970 (0.960 to 0.980)",
        "lstm": "0.900 (0.880 to 0.920)",
    }
    assert hiv["protocol"] == "5-fold, homology grouped; short"
    assert hiv["gru, seeds together"] == "–"
    assert hiv["combined minus combined_without_network"] == "**-0.020 (-0.030 to -0.010)**"
    assert hiv["best single method"] == "kmer 0.900 (0.880 to 0.920)"
    assert (hiv["target"], hiv["reached"]) == ("above every single method", "no")


@pytest.mark.parametrize(("value", "verdict"), [(0.9801, "yes"), (0.9799, "no")])
def test_a_target_is_reached_by_the_combination_alone(value, verdict):
    scores, comparisons = frames()
    scores.loc[0, "estimate"] = value
    assert told(scores, comparisons)[0]["reached"] == verdict


def test_a_set_that_was_run_without_a_combination_is_not_judged():
    scores, comparisons = frames()
    acp, _ = told(scores[scores["kind"] != "combined"], comparisons)
    assert (acp["combined"], acp["reached"]) == ("–", "–")
    assert acp["gru"] == "0.950 (0.930 to 0.970)"


def test_sets_on_which_the_network_adds_something_are_counted():
    _, comparisons = frames()
    sentence = network_adds([ACP, HIV], comparisons)
    assert "on 2 sets by their first metric" in sentence
    assert sentence.endswith("above zero on 1 (acp) and below zero on 1 (hiv).")
    comparisons.loc[comparisons["difference"] == 0.025, "ci_low"] = -0.001
    assert network_adds([ACP, HIV], comparisons).endswith(
        "above zero on 0 and below zero on 1 (hiv)."
    )


def test_losses_are_told_with_their_baseline():
    _, comparisons = frames()
    lines = losses([ACP, HIV], ("combined", "gru", "lstm"), comparisons).splitlines()
    assert [line.split(";")[0] for line in lines] == [
        "- combined: 4 comparisons on 2 sets",
        "- gru: 3 comparisons on 2 sets",
        "- lstm: 2 comparisons on 2 sets",
    ]
    assert [line.split("below zero: ")[1] for line in lines] == [
        "hiv (combined_without_network).", "hiv (kmer).", "acp (kmer).",
    ]  # fmt: skip


def test_a_baseline_that_was_not_run_on_a_set_is_a_dash():
    table = against_baselines([ACP, HIV], "gru", *frames()).splitlines()
    assert table[0] == "| set | metric | kmer | pwm |"
    assert table[3] == "| hiv | auroc | 0.900; **-0.050 (-0.080 to -0.020)** | – |"


@pytest.mark.workflow
def test_the_real_workflow_fills_the_tables_and_is_taken_up_again(
    data, tmp_path, capsys, monkeypatch
):
    # Snakemake and jobs whose imports are done already
    if (commands := shell_commands()) and (python := python_for_jobs()):
        monkeypatch.setenv("PATH", f"{commands}{os.pathsep}{os.environ['PATH']}")
        snakemake = tmp_path / "snakemake"
        snakemake.write_text(f'#!/bin/sh\nexec {python} -m snakemake "$@"\n')
        snakemake.chmod(0o755)
        monkeypatch.setattr("benchmarks.accuracy.runs.SNAKEMAKE", snakemake)
    # a few of the baselines stand for all
    monkeypatch.setattr(
        "benchmarks.accuracy.sheets.baselines", lambda: ["composition", "kmer_logistic"]
    )
    work = tmp_path / "work"
    plan = Plan(models=("gru", "rnn"), seeds=(1, 2), quick=True, trials=1)
    (data / "empty.fa").write_text("")
    acp = replace(ACP, folds=2)
    bad = replace(acp, name="bad", parts=two_classes("ACP.fa", "empty.fa"))
    assert run_all([bad, acp], plan, data, work, 2) == ["bad"]
    failed, first, second = capsys.readouterr().err.splitlines()
    assert failed == f"bad: gru, rnn; 1 seeds of gru: failed, see {work / 'bad' / LOG}"
    assert "empty.fa" in (work / "bad" / LOG).read_text()
    assert first.startswith("acp: gru, rnn; 1 seeds of gru: ")
    assert second.startswith("acp: gru, rnn; 2 seeds of gru: ")
    results = work / "acp" / "results" / "acp"
    trained = {
        (path.parts[-4], path.parts[-2])
        for path in results.glob("models/*/fold-*/seed-*/model.safetensors")
    }
    assert trained == {
        ("gru", "seed-1"), ("gru", "seed-2"), ("gru_search", "seed-1"), ("rnn", "seed-1"),
    }  # fmt: skip

    text = report([bad, acp], plan, work)
    assert text == (work / "accuracy.md").read_text().rstrip("\n")
    assert "| bad |" not in text
    scores = pd.read_csv(work / "accuracy.tsv", sep="\t").query("metric == 'auroc'")
    summary = pd.read_csv(results / "evaluation" / "summary.tsv", sep="\t")
    summary = summary.query("metric == 'auroc'").set_index("model")["estimate"]
    assert scores.set_index("model")["estimate"].to_dict() == summary.to_dict()
    gru, rnn = (scores[scores["model"] == name].iloc[0] for name in ("gru", "rnn"))
    assert (gru["seeds"], rnn["seeds"]) == (2, 1)
    assert gru["seeds_sd"] > 0
    assert pd.isna(rnn["seeds_sd"])
    assert gru["parameters"] > rnn["parameters"] > 0
    assert (scores["seconds"].dropna() > 0).all()
    assert scores.loc[scores["model"].isin(["gru", "rnn", "composition"]), "seconds"].notna().all()
    leaks = pd.read_csv(results / "leaks.tsv", sep="\t").query("grouping == 'duplicates'")
    assert gru["test_alike"] == leaks["similar"].sum() / 80
    alike = f"{gru['test_alike']:.0%}"
    combined = scores.set_index("model").loc["combined"]
    assert (
        f"| acp | 2-fold, duplicates grouped | {alike} | 80 | auroc | {combined['estimate']:.3f}"
        in text
    )
    assert "| gru | ± seeds | gru, seeds together | gru_search | selected | rnn |" in text
    comparisons = pd.read_csv(work / "comparisons.tsv", sep="\t").query("metric == 'auroc'")
    pair = comparisons.query("model == 'combined' and baseline == 'combined_without_network'")
    assert f"{pair['difference'].item():+.3f} ({pair['ci_low'].item():+.3f} to" in text
    ensemble = scores.set_index("model").loc["gru_ensemble"]
    assert f"| {ensemble['estimate']:.3f} ({ensemble['ci_low']:.3f} to" in text

    assert run_all([acp], plan, data, work, 2) == []
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert "Nothing to be done" in (work / "acp" / LOG).read_text()
