"""The evaluation job: prediction tables in, tables and the selection out."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
from threadpoolctl import threadpool_limits

from bioseqrnn.console import say
from bioseqrnn.errors import InputError
from bioseqrnn.evaluation import tables
from bioseqrnn.evaluation.collect import collect
from bioseqrnn.evaluation.select import select_model
from bioseqrnn.io import write_json, write_parquet, write_tsv

FORMAT = 1


def evaluate_models(
    predictions: list[Path],
    folds: Path,
    output: Path,
    *,
    replicates: int,
    confidence: float,
    seed: int,
) -> None:
    """Evaluate networks and baselines of one dataset.

    Parameters
    ----------
    predictions : list of Path
        ``predictions.parquet`` of every network and baseline, fold and seed; a network's has
        ``model.safetensors`` and ``history.tsv`` beside it.
    folds : Path
    output : Path
        Folder for ``runs.tsv``, ``summary.tsv``, ``comparisons.tsv``, ``calibration.tsv``,
        ``confusion.tsv``, ``learning_curves.tsv``, ``curves.parquet`` and ``selected.json``.
    replicates : int
        Bootstrap replicates.
    confidence : float
        Of the intervals, 0 to 1.
    seed : int
        Of the bootstrap.
    """
    evidence = collect(predictions, folds)
    networks = {model.name: model for model in evidence.models if model.kind == "network"}
    if not networks:
        raise InputError("no network among the prediction tables: nothing to select")
    # BLAS else takes every core, also those of other jobs
    with threadpool_limits(1):
        drawn = tables.replicates(evidence, replicates, seed)
    summary = tables.summary_table(evidence, drawn, confidence)
    selected, learning_curves = select_model(
        [run.path.with_name("model.safetensors") for m in networks.values() for run in m.runs]
    )
    chosen = tables.estimate(networks[selected["model"]], evidence)
    selected["metrics"] = {name: round(value, 6) for name, value in chosen.items()}

    write_tsv(output / "runs.tsv", tables.runs_table(evidence))
    write_tsv(output / "summary.tsv", summary)
    write_tsv(output / "comparisons.tsv", tables.comparisons_table(evidence, drawn, confidence))
    write_tsv(output / "calibration.tsv", tables.calibration_table(evidence))
    write_tsv(output / "confusion.tsv", tables.confusion_table(evidence))
    write_tsv(output / "learning_curves.tsv", learning_curves)
    curves = pa.Table.from_pandas(tables.curves_table(evidence), preserve_index=False)
    write_parquet(
        output / "curves.parquet", curves, {"format": FORMAT, "classes": evidence.classes}
    )
    write_json(output / "selected.json", selected)
    for model in evidence.models:
        rows = summary[summary["model"] == model.name].set_index("metric")
        say(
            f"{model.name}: "
            + ", ".join(
                f"{metric} {rows.estimate[metric]:.3f} "
                f"[{rows.ci_low[metric]:.3f}, {rows.ci_high[metric]:.3f}]"
                for metric in ("accuracy", "auroc")
            )
        )
    say(f"selected for the final model: {selected['model']} ({selected['criterion']})")
