"""Prediction tables of made-up quality, for any task, through the real writers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import torch
from conftest import encode

from bioseqrnn.config.folds import FoldsConfig
from bioseqrnn.config.models import ModelConfig
from bioseqrnn.fasta.sources import Source
from bioseqrnn.metrics.thresholds import Aim
from bioseqrnn.networks.classifier import SequenceClassifier
from bioseqrnn.networks.store import save_model
from bioseqrnn.stages.evaluation.combine import Plan
from bioseqrnn.stages.evaluation.run import evaluate_models
from bioseqrnn.stages.folds.run import split_table
from bioseqrnn.tables.declared.models import HISTORY
from bioseqrnn.tables.folds import read_folds
from bioseqrnn.tables.predictions import write_predictions
from bioseqrnn.tables.sequences import SequenceTable
from bioseqrnn.tasks import PositionTruth

MCC = Aim("mcc", 0.9)


def softmax(logit):
    power = np.exp(logit - logit.max(axis=1, keepdims=True))
    return power / power.sum(axis=1, keepdims=True)


def made_scores(table: SequenceTable, rows, quality: float, rng, too_sure: float = 1.0):
    """Scores that know the truth as well as ``quality`` says; ``too_sure`` scales the logits."""
    truth = table.targets[rows]
    if isinstance(truth, PositionTruth):
        truth = truth.codes.astype(np.int64)
    if table.task.name == "regression":
        return (truth * quality + rng.normal(0, 1, len(truth)))[:, None]
    if table.task.name == "multilabel":
        logit = rng.normal(0, 1, truth.shape) + quality * (2.0 * truth - 1)
        return 1 / (1 + np.exp(-too_sure * logit))
    # the log odds of such noise are twice the shift
    logit = rng.normal(0, 1, (len(truth), len(table.classes)))
    logit[np.arange(len(truth)), truth] += 2 * quality
    return softmax(too_sure * logit)


class Made:
    """Folds of a table, and whatever models are added."""

    def __init__(self, folder: Path, table: SequenceTable, folds: int = 3, repeats: int = 1):
        self.folder, self.table, self.count = folder, table, folds * repeats
        split_table(
            table,
            folder / "folds.parquet",
            FoldsConfig(
                count=folds, validation_fraction=0.2, seed=1, repeats=repeats, grouping="duplicates"
            ),
        )
        self.folds = read_folds(folder / "folds.parquet", table)
        self.paths: list[Path] = []

    def add(self, model, kind, quality, validation_loss=None, seeds=(1,), **options):
        """Add a model; quality and validation loss may differ by fold, and quality by role."""
        rng = np.random.default_rng(len(self.paths))
        for fold in range(self.count):
            for seed in seeds:
                parts = {}
                for role in ("validation", "test"):
                    rows = self.folds.indices(fold, role)
                    known = quality[role] if isinstance(quality, dict) else quality
                    known = known[fold] if isinstance(known, (list, tuple)) else known
                    parts[role] = rows, made_scores(self.table, rows, known, rng, **options)
                out = self.folder / kind / model / f"fold-{fold}" / f"seed-{seed}"
                path = out / "predictions.parquet"
                write_predictions(
                    path, self.table, parts, model=model, kind=kind, fold=fold, seed=seed
                )
                self.paths.append(path)
                if kind == "network":
                    several = isinstance(validation_loss, (list, tuple))
                    loss = validation_loss[fold] if several else validation_loss
                    self._beside(out, model, fold, seed, loss)

    def _beside(self, out, model, fold, seed, validation_loss):
        config = ModelConfig(cell="gru", hidden_size=2, stem_filters=0, positions=0)
        torch.manual_seed(1)
        metadata = self.table.metadata
        card = {key: metadata[key] for key in ("alphabet", "symbols", "classes", "task")}
        card |= {
            "model": model, "config": config.model_dump(), "fold": fold, "seed": seed,
            "device": "cpu (1 thread)", "epoch": 2 if fold else 3,
        }  # fmt: skip
        network = SequenceClassifier(config, len(metadata["symbols"]), 2)
        save_model(out / "model.safetensors", network, card)
        losses = [1.0, validation_loss, 0.9] if fold else [1.0, 0.95, validation_loss]
        history = {"epoch": [1, 2, 3], "train_loss": [1.0, 0.5, 0.1], "validation_loss": losses}
        rest = [name for name in HISTORY.names if name not in history]
        history |= dict.fromkeys([*rest, "validation_accuracy"], 0.5)
        HISTORY.write(out / "history.tsv", pd.DataFrame(history))

    def evaluate(self, *, combine=(), final="combined", error_rate=0.1, **options):
        """Nothing is combined unless it is asked for: most tests are about the models they add."""
        settings = {"replicates": 200, "confidence": 0.95, "seed": 1, "aim": MCC} | options
        settings["plan"] = Plan(combine, final, error_rate)
        out = self.folder / "evaluation"
        evaluate_models(self.paths, self.folder / "folds.parquet", out, **settings)
        return out


def dataset(folder: Path, task: str, n: int = 240) -> SequenceTable:
    """A small table of random DNA with labels of a task; 1 in 15 is positive in binary."""
    rng = np.random.default_rng(7)
    fasta, labels, text = folder / "r.fa", folder / "labels.tsv", ["id\tlabel\n"]
    options = {"task": task, "alphabet": "dna"}
    if task in ("binary", "multiclass"):
        options["task"] = "classification"
    records = []
    for i in range(n):
        letters = "".join(rng.choice(list("ACGT"), int(rng.integers(30, 90))))
        third = ""
        if task == "binary":
            text.append(f"{i}\t{'hit' if i % 15 == 0 else 'miss'}\n")
        elif task == "multiclass":
            text.append(f"{i}\t{'abc'[i % 3]}\n")
        elif task == "multilabel":
            text.append(f"{i}\t{';'.join(name for name in 'xyz' if rng.random() < 0.4)}\n")
        elif task == "regression":
            text.append(f"{i}\t{rng.normal():.4f}\n")
        else:
            states = np.cumsum(rng.random(len(letters)) < 0.1) % 3
            third = "".join("ENX"[state] for state in states) + "\n"
        records.append(f">{i}\n{letters}\n{third}")
    fasta.write_text("".join(records))
    if task == "per_position":
        return encode(folder, [Source(fasta)], **options)
    labels.write_text("".join(text))
    if task == "binary":
        options["positive"] = "hit"
    return encode(folder, [Source(fasta, labels=labels)], **options)
