from __future__ import annotations

import numpy as np
import pytest
from conftest import encode

from bioseqrnn.baselines.problem import Problem
from bioseqrnn.baselines.store import load_baseline
from bioseqrnn.config.choices import BASELINES
from bioseqrnn.config.folds import FoldsConfig
from bioseqrnn.fasta.sources import Source
from bioseqrnn.metrics.own_scores import summarise_own
from bioseqrnn.stages.baselines.run import fit_final_baseline, train_baseline
from bioseqrnn.stages.folds.run import split_table
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.predictions import read_predictions


@pytest.mark.parametrize("method", list(BASELINES))
def test_baselines_learn_the_peptides_and_repeat_exactly(method, acp, tmp_path):
    from conftest import RESOURCES

    sources = [Source(RESOURCES / "acp" / f"{c}.fa", c) for c in ("ACP", "Random")]
    encode(tmp_path, sources, positive="ACP")
    split_table(
        acp,
        tmp_path / "folds.parquet",
        FoldsConfig(count=4, validation_fraction=0.1, seed=1, grouping="duplicates"),
    )
    for name in ("a", "b"):
        train_baseline(
            tmp_path / "sequences.parquet", tmp_path / "folds.parquet", tmp_path / name,
            baseline=method, fold=0, seed=1, threads=1,
        )  # fmt: skip
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    run = read_predictions(tmp_path / "a")
    assert (run.kind, run.model, run.classes) == ("baseline", method, ["Random", "ACP"])
    np.testing.assert_allclose(run.scores.sum(axis=1), 1, rtol=1e-9)
    if method != "majority":
        assert (run.scores.argmax(axis=1) == run.targets).mean() > 0.8


def test_unknown_and_unfit_baselines_are_refused(acp, tmp_path):
    (tmp_path / "three.fa").write_text(
        "".join(
            f">r{i}\nMKV{x}LRE\nHHCC{y}CC\n"
            for i, (x, y) in enumerate(zip("ACDE", "CHCH", strict=True))
        )
    )
    encode(tmp_path, [Source(tmp_path / "three.fa")], task="per_position", alphabet="protein")
    paths = [tmp_path / name for name in ("sequences.parquet", "folds.parquet", "out.parquet")]
    for name, message in (("gapped_kmer", "scores whole records"), ("knn", "is unknown")):
        with pytest.raises(InputError, match=message):
            train_baseline(*paths, baseline=name, fold=0, seed=1, threads=1)


@pytest.mark.parametrize("method", list(BASELINES))
def test_a_final_baseline_is_fitted_to_all_records(method, acp, tmp_path):
    from conftest import RESOURCES

    sources = [Source(RESOURCES / "acp" / f"{c}.fa", c) for c in ("ACP", "Random")]
    encode(tmp_path, sources, positive="ACP")
    settings = {
        "kmer_logistic": {"strength": 10}, "gapped_kmer": {"strength": 10, "centred": False},
        "cnn": {"epochs": 3},
    }.get(method, {})  # fmt: skip
    for name in ("a", "b"):
        fit_final_baseline(
            tmp_path / "sequences.parquet", tmp_path / name,
            baseline=method, settings=settings, seed=1, threads=1,
        )  # fmt: skip
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    fitted, card = load_baseline(tmp_path / "a")
    assert (card["settings"], card["trained_on"], card["trained_lengths"]) == (
        settings, len(acp), [int(acp.lengths.min()), int(acp.lengths.max())],
    )  # fmt: skip
    assert card["sources"] == acp.metadata["sources"]
    problem = Problem(acp, 1)
    scores = fitted.scores(problem.records(np.arange(len(acp))))
    if method != "majority":
        assert (scores.argmax(axis=1) == acp.targets).mean() > 0.85
    assert card["own"] == summarise_own(acp.task, acp.targets, scores)


def test_the_command_makes_a_final_baseline_or_says_what_is_missing(cli, tmp_path):
    from conftest import RESOURCES

    sources = [Source(RESOURCES / "acp" / f"{c}.fa", c) for c in ("ACP", "Random")]
    encode(tmp_path, sources, positive="ACP")
    words = ["baseline", "--sequences", "sequences.parquet", "--output", "k.safetensors"]
    words += ["--method", "kmer_logistic"]
    done = cli(*words, "--final", "--settings", '{"strength": 10}')
    assert (done.code, "final kmer_logistic: 786 records" in done.err) == (0, True), done.err
    assert load_baseline(tmp_path / "k.safetensors")[1]["settings"] == {"strength": 10}
    for more, message in (
        ([], "give --folds and --fold, or --final"),
        (["--final"], "--settings: setting 'strength' of baseline kmer_logistic is missing"),
        (["--final", "--settings", "[]"], "--settings: must be a JSON object, not a list"),
    ):
        done = cli(*words, *more)
        assert (done.code, message in done.err) == (2, True), done.err
