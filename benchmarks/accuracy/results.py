"""What a run of the workflow left: scores, comparisons, seconds and sizes, as two frames."""

from __future__ import annotations

from pathlib import Path
from statistics import median

import pandas as pd
import torch

from bioseqrnn.networks.store import load_model

from .entry import Entry
from .runs import summary as summary_file

NETWORK = "network"


def read_results(entry: Entry, folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the evaluation of an entry.

    Returns
    -------
    scores : DataFrame
        ``summary.tsv`` and ``entry``, ``protocol``, ``seeds`` (number), ``seeds_sd`` (standard
        deviation over seeds of the mean of the folds), ``seconds`` (median of the training
        jobs), ``parameters`` (of the first fold and seed), ``test_alike``
        (share of the test records with a sequence alike among those that train or validate).
    comparisons : DataFrame
        ``comparisons.tsv`` and ``entry``.
    """
    tables = summary_file(entry, folder).parent
    summary, runs, comparisons = (
        pd.read_csv(tables / f"{name}.tsv", sep="\t") for name in ("summary", "runs", "comparisons")
    )
    scores = summary.merge(spread(runs), on=["model", "metric"], how="left")
    names = scores["model"].unique()
    results = tables.parent
    scores["seconds"] = scores["model"].map({name: seconds(results, name) for name in names})
    sizes = {name: parameters(results / "models" / name) for name in names}
    scores["parameters"] = scores["model"].map(sizes)
    scores["test_alike"] = alike(results / "leaks.tsv", entry)
    for number, (column, value) in enumerate((("entry", entry.name), ("protocol", entry.protocol))):
        scores.insert(number, column, value)
    comparisons.insert(0, "entry", entry.name)
    return scores, comparisons


def spread(runs: pd.DataFrame) -> pd.DataFrame:
    """How a metric spreads over seeds.

    Parameters
    ----------
    runs : DataFrame
        ``runs.tsv``: ``model``, ``fold``, ``seed``, ``metric``, ``estimate``, ``n``.

    Returns
    -------
    DataFrame
        ``model``, ``metric``, ``seeds``, ``seeds_sd`` (sample standard deviation over seeds of the
        mean of the folds, each weighted by its records; missing for one seed).
    """
    weighted = runs.assign(total=runs["estimate"] * runs["n"])
    sums = weighted.groupby(["model", "metric", "seed"])[["total", "n"]].sum(min_count=1)
    means = (sums["total"] / sums["n"]).groupby(["model", "metric"])
    return means.agg(seeds="size", seeds_sd="std").reset_index()


def alike(leaks: Path, entry: Entry) -> float:
    """Share of the test records that the folds' own measure finds alike a training record."""
    found = pd.read_csv(leaks, sep="\t")
    used = found[found["grouping"] == ("given" if entry.folds is None else entry.grouping)]
    return float(used["similar"].sum(min_count=1) / used["tested"].sum())


def seconds(results: Path, model: str) -> float:
    """Wall seconds of a model's training jobs, median; NaN where it was not trained.

    Not those of the processor: Snakemake samples them, in long jobs every half minute.
    """
    jobs = [
        float(pd.read_csv(path, sep="\t")["s"].iloc[0])
        for rule in ("train_model", "train_baseline")
        for path in results.glob(f"benchmarks/{rule}/{model}.fold-*.tsv")
    ]
    return median(jobs) if jobs else float("nan")


def parameters(folder: Path) -> float:
    """Trained numbers of the first network in a folder of networks; NaN where there is none."""
    files = sorted(folder.glob("fold-*/seed-*/model.safetensors"))
    if not files:
        return float("nan")
    network, _ = load_model(files[0], torch.device("cpu"))
    return float(sum(weights.numel() for weights in network.parameters()))
