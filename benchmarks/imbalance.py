"""Whether a rare class is found, whatever its share and however few positives there are.

    python -m benchmarks.imbalance [--ratios 3 10 30 100 300] [--positives 5 10 20 50 100 200]
        [--most 2500] [--mutated 0.1] [--seed 1] [--settings '{"monitor": "loss"}'] [--work folder]

Every record is 60 random bases; a positive one has the motif TATATATA at base 21, of which each
base is random with the probability ``--mutated``. Sets of more records than ``--most`` are left
out. Each set goes the way of the workflow: five folds, the default GRU and k-mer logistic
regression, evaluation, final model. The final model then calls records it has never seen: a hundred
positives, and as many negatives for each as the set has, but a thousand at most.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from bioseqrnn.config.datasets import DatasetOptions
from bioseqrnn.config.folds import FoldsConfig
from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.config.models import ModelConfig
from bioseqrnn.fasta.sources import Source
from bioseqrnn.metrics.thresholds import Aim
from bioseqrnn.stages.baselines.run import train_baseline
from bioseqrnn.stages.evaluation.run import evaluate_models
from bioseqrnn.stages.folds.run import split_table
from bioseqrnn.stages.prediction.run import predict_query
from bioseqrnn.stages.sequences.run import encode_sequences
from bioseqrnn.stages.training.run import FoldFiles, FoldTraining, train_final, train_fold
from bioseqrnn.tables.sequences import read_sequences

LENGTH, PLACE, MOTIF = 60, 20, "TATATATA"
FOLDS, NEW_POSITIVES, NEW_NEGATIVES = 5, 100, 1000
HEAD = (
    "| 1 : | positives | records | AUROC | MCC | MCC at threshold | epochs | final: recall "
    "| final: false calls | k-mers: AUROC | k-mers: MCC at threshold |"
)


def write_fasta(
    path: Path, rng: np.random.Generator, count: int, motif: str, mutated: float
) -> None:
    """Write ``count`` random records with the motif, or without it where it is empty."""
    records = rng.choice(list("ACGT"), (count, LENGTH))
    if motif:
        held = np.broadcast_to(list(motif), (count, len(motif)))
        kept = rng.random(held.shape) >= mutated
        span = slice(PLACE, PLACE + len(motif))
        records[:, span] = np.where(kept, held, records[:, span])
    path.write_text("".join(f">{path.stem}{i}\n{''.join(r)}\n" for i, r in enumerate(records)))


def run_set(folder: Path, ratio: int, positives: int, options: argparse.Namespace) -> list[str]:
    """One row of the table."""
    rng = np.random.default_rng([options.seed, ratio, positives])
    pos, neg, new_pos, new_neg = (folder / f"{n}.fa" for n in ("p", "n", "new_p", "new_n"))
    write_fasta(pos, rng, positives, MOTIF, options.mutated)
    write_fasta(neg, rng, positives * ratio, "", 0)
    write_fasta(new_pos, rng, NEW_POSITIVES, MOTIF, options.mutated)
    write_fasta(new_neg, rng, min(NEW_POSITIVES * ratio, NEW_NEGATIVES), "", 0)
    table, folds = folder / "sequences.parquet", folder / "folds.parquet"
    sources = [Source(neg, "neg"), Source(pos, "pos")]
    encode_sequences(
        sources,
        table,
        folder / "intake.tsv",
        options=DatasetOptions(alphabet="dna", positive="pos"),
    )
    split_table(
        read_sequences(table),
        folds,
        FoldsConfig(count=FOLDS, validation_fraction=0.1, seed=1, grouping="duplicates"),
    )
    config = ModelConfig(**{"cell": "gru"} | json.loads(options.settings))
    predictions = []
    for fold in range(FOLDS):
        network, baseline = folder / f"gru-{fold}", folder / f"kmers-{fold}"
        train_fold(
            table,
            folds,
            FoldFiles(
                network / "model.safetensors",
                network / "history.tsv",
                network / "predictions.parquet",
            ),
            FoldTraining("gru", config, fold, 1),
            machine=MachineConfig(device="cpu"),
        )
        baseline.mkdir()
        train_baseline(
            table, folds, baseline / "predictions.parquet", baseline="kmer_logistic", fold=fold,
            seed=1, threads=1,
        )  # fmt: skip
        predictions += [path / "predictions.parquet" for path in (network, baseline)]
    evaluate_models(
        predictions, folds, folder / "evaluation", replicates=20, confidence=0.95, seed=1,
        aim=Aim("mcc", 0.9),
    )  # fmt: skip
    selected, final = folder / "evaluation" / "selected.json", folder / "final.safetensors"
    train_final(table, selected, final, seed=1, machine=MachineConfig(device="cpu"))
    called = []
    for path in (new_pos, new_neg):
        calls = path.with_suffix(".tsv.gz")
        predict_query(
            path, final, [path.with_suffix(".parquet"), calls], machine=MachineConfig(device="cpu")
        )
        called.append(float((pd.read_csv(calls, sep="\t")["call"] == "pos").mean()))
    summary = pd.read_csv(folder / "evaluation" / "summary.tsv", sep="\t")
    scores = summary.set_index(["model", "metric"])["estimate"]
    numbers = [scores["gru", name] for name in ("auroc", "mcc", "mcc_at_threshold")]
    beside = [scores["kmer_logistic", name] for name in ("auroc", "mcc_at_threshold")]
    epochs = json.loads(selected.read_text())["epochs"]
    return [
        f"{ratio}", f"{positives}", f"{positives * (ratio + 1):,}",
        *(f"{number:.3f}" for number in numbers), f"{epochs}",
        *(f"{share:.3f}" for share in (*called, *beside)),
    ]  # fmt: skip


def main() -> None:
    """Print a row a set."""
    parser = argparse.ArgumentParser(description="A rare class of any share")
    parser.add_argument("--ratios", type=int, nargs="+", default=[3, 10, 30, 100, 300])
    parser.add_argument("--positives", type=int, nargs="+", default=[5, 10, 20, 50, 100, 200])
    parser.add_argument("--most", type=int, default=2500, help="records of a set")
    parser.add_argument("--mutated", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--settings", default="{}", help="of the network, as JSON")
    parser.add_argument("--work", type=Path, help="folder that keeps the logs")
    options = parser.parse_args()
    print(HEAD, "|".join(["", *["---"] * HEAD.count(" | "), "---", ""]), sep="\n", flush=True)
    started = time.perf_counter()
    for ratio in options.ratios:
        for positives in options.positives:
            if positives * (ratio + 1) > options.most:
                continue
            log = io.StringIO()
            with (
                tempfile.TemporaryDirectory() as name,
                contextlib.redirect_stderr(log),
                contextlib.redirect_stdout(log),
            ):
                row = run_set(Path(name), ratio, positives, options)
            print("| " + " | ".join(row) + " |", flush=True)
            if options.work is not None:
                options.work.mkdir(parents=True, exist_ok=True)
                (options.work / f"{ratio}-{positives}.log").write_text(log.getvalue())
    print(f"{time.perf_counter() - started:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
