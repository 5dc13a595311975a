"""Repeated folds count like seeds; random folds are scored beside grouped ones."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from bioseqrnn.config.folds import FoldsConfig
from bioseqrnn.stages.baselines.run import train_baseline
from bioseqrnn.stages.evaluation.collect import SEEDS, collect
from bioseqrnn.stages.evaluation.estimates import estimate
from bioseqrnn.stages.evaluation.random_folds import compare_random_folds
from bioseqrnn.stages.folds.run import split_table
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.folds import read_folds
from bioseqrnn.tables.predictions import read_predictions


def predicted(table, folder, count, method="composition", **options):
    """Folds, and the predictions of a baseline in each of them."""
    folds = folder / "folds.parquet"
    settings = {"count": 3, "validation_fraction": 0.2, "seed": 1, "grouping": "duplicates"}
    split_table(table, folds, FoldsConfig(**settings | options))
    paths = []
    for fold in range(count):
        paths.append(folder / method / f"fold-{fold}" / "predictions.parquet")
        train_baseline(table.file.path, folds, paths[-1], baseline=method, fold=fold, seed=1,
                       threads=1)  # fmt: skip
    return folds, paths


def test_repeats_are_averaged_like_seeds(acp, tmp_path):
    folds, paths = predicted(acp, tmp_path, 6, repeats=2)
    (model,) = collect(paths, folds).models
    assert list(model.judged) == [1, 1 + SEEDS]
    for repeat, judged in enumerate(model.judged.values()):
        assert judged.raw.shape == (len(acp), 2)
        for fold in range(3 * repeat, 3 * repeat + 3):
            run = read_predictions(paths[fold])
            rows = read_folds(folds, acp).indices(fold, "test")
            assert np.array_equal(judged.raw[rows], run.scores)
    first, second = (collect(paths[start : start + 3], folds) for start in (0, 3))
    together = estimate(model, collect(paths, folds))
    for metric, value in together.items():
        each = [estimate(part.models[0], part)[metric] for part in (first, second)]
        assert value == pytest.approx(np.mean(each))
        assert each[0] != each[1]


def test_a_missing_fold_of_a_repeat_is_noticed(acp, tmp_path):
    folds, paths = predicted(acp, tmp_path, 6, repeats=2)
    with pytest.raises(InputError, match=r"composition, seed 1: \d+ records .* is a fold missing"):
        collect(paths[:5], folds)


def test_random_folds_claim_more_than_homology_allows(acp, tmp_path):
    folds, paths = predicted(acp, tmp_path / "grouped", 3, "kmer_logistic", grouping="homology")
    random = predicted(acp, tmp_path / "random", 3, "kmer_logistic", grouping="none")
    compare_random_folds(paths, folds, random[1], random[0], tmp_path / "random_folds.tsv")
    table = pd.read_csv(tmp_path / "random_folds.tsv", sep="\t")
    assert list(table) == ["model", "kind", "metric", "grouped", "random", "difference", "n"]
    assert set(table["model"]) == {"kmer_logistic"}
    assert set(table["n"]) == {len(acp)}
    scores = table.set_index("metric")
    grouped = collect(paths, folds)
    assert scores["grouped"].to_dict() == pytest.approx(estimate(grouped.models[0], grouped))
    assert scores["difference"].to_numpy() == pytest.approx(
        (scores["random"] - scores["grouped"]).to_numpy()
    )
    assert scores.loc["mcc", "difference"] > 0.03
    other = predicted(acp, tmp_path / "other", 3, grouping="none")
    with pytest.raises(InputError, match=r"models or records differ .*kmer_logistic"):
        compare_random_folds(paths, folds, other[1], other[0], tmp_path / "x.tsv")
