"""The training loop, to be read from top to bottom."""

from __future__ import annotations

import copy
import time
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import nn

from bioseqrnn.config.schema import ModelConfig
from bioseqrnn.console import progress, say
from bioseqrnn.errors import InputError
from bioseqrnn.models.classifier import SequenceClassifier
from bioseqrnn.prediction.network import predict_packed
from bioseqrnn.sequences.packing import Ints
from bioseqrnn.sequences.table import SequenceTable
from bioseqrnn.training.batches import bucketed, dense_batches


@dataclass
class Trained:
    """A trained network and how it came about.

    Attributes
    ----------
    network : SequenceClassifier
        With the weights of ``best_epoch``.
    history : DataFrame
        One row an epoch: ``epoch`` (from 1), ``learning_rate``, ``train_loss``,
        ``validation_loss``, ``validation_accuracy``, ``gradient_norm`` (mean, before clipping).
        Losses are mean cross-entropies in nats.
    best_epoch : int
    """

    network: SequenceClassifier
    history: pd.DataFrame
    best_epoch: int


def train_network(
    table: SequenceTable,
    train: Ints,
    validation: Ints,
    config: ModelConfig,
    *,
    seed: int,
    device: torch.device,
    last_epoch: int | None = None,
    what: str = "train",
) -> Trained:
    """Train one classifier on ``train``, watching ``validation``.

    Parameters
    ----------
    table : SequenceTable
    train, validation : int64 arrays
        Row numbers. Without validation rows (the final model) nothing stops early and
    last_epoch : int, optional
        says after which epoch to stop; the learning-rate schedule is still that of
        ``config.epochs``, so the final model walks the path that cross-validation walked.
    config : ModelConfig
    seed : int
        Seeds initialisation, dropout and batches.
    device : torch.device
    what : str
        Name in the log.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    network = SequenceClassifier(config, len(table.alphabet.symbols), len(table.classes)).to(device)
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
    )
    steps = -(-len(train) // config.batch_size) * config.epochs
    scheduler: torch.optim.lr_scheduler.LRScheduler
    if config.schedule == "one_cycle":
        scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, config.learning_rate, steps)
    else:
        scheduler = torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0)
    loss_function = nn.CrossEntropyLoss()

    rows: list[dict[str, float]] = []
    best_loss, best_epoch, best_weights = np.inf, 0, None
    epochs = last_epoch or config.epochs
    start = time.perf_counter()
    with progress(what, "epochs", epochs) as bar:
        for epoch in range(1, epochs + 1):
            network.train()
            total, norms = 0.0, []
            batches = bucketed(train, table.lengths, config.batch_size, rng)
            for _, x, lengths, target in dense_batches(table, batches, device):
                optimizer.zero_grad()
                loss = loss_function(network(x, lengths), target)
                loss.backward()
                norm = nn.utils.clip_grad_norm_(network.parameters(), config.gradient_clip)
                norms.append(float(norm))
                optimizer.step()
                scheduler.step()
                total += loss.item() * len(target)
            row = {
                "epoch": epoch,
                "learning_rate": float(scheduler.get_last_lr()[0]),
                "train_loss": total / len(train),
                "gradient_norm": float(np.mean(norms)),
            }
            if len(validation):
                probability = predict_packed(
                    network, table.packed, table.alphabet, validation, device
                )
                truth = table.targets[validation]
                picked = probability[np.arange(len(truth)), truth]
                row["validation_loss"] = float(-np.log(np.maximum(picked, 1e-12)).mean())
                row["validation_accuracy"] = float((probability.argmax(1) == truth).mean())
            rows.append(row)
            bar.advance()
            if not np.isfinite(row["train_loss"]):
                raise InputError(
                    f"{what}: the loss of epoch {epoch} is not finite; lower learning_rate"
                )
            if len(validation) and row["validation_loss"] < best_loss:
                best_loss, best_epoch = row["validation_loss"], epoch
                best_weights = copy.deepcopy(network.state_dict())
            elif len(validation) and epoch - best_epoch >= config.patience:
                break
    if best_weights is not None:
        network.load_state_dict(best_weights)
    else:
        best_epoch = len(rows)
    _say_end(what, rows, best_epoch, time.perf_counter() - start)
    return Trained(network, pd.DataFrame(rows), best_epoch)


def _say_end(what: str, rows: list[dict[str, float]], best_epoch: int, seconds: float) -> None:
    best = rows[best_epoch - 1]
    line = f"{what}: {len(rows)} epochs in {seconds:.1f} s, training loss {best['train_loss']:.3f}"
    if "validation_loss" in best:
        line += (
            f"; best epoch {best_epoch}: validation loss {best['validation_loss']:.3f}, "
            f"accuracy {best['validation_accuracy']:.3f}"
        )
    say(line)
