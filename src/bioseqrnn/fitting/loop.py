"""The training loop. Read this file from top to bottom."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import pandas as pd
import torch
from torch import Tensor, nn

from bioseqrnn.config.models import ModelConfig
from bioseqrnn.fitting.augment import Draws, augment
from bioseqrnn.fitting.begin import begin_training
from bioseqrnn.fitting.objective import FEW
from bioseqrnn.fitting.session import Session
from bioseqrnn.fitting.state import DivergenceError, TrainingState
from bioseqrnn.inference.batches import bucketed, dense_batches
from bioseqrnn.inference.gpu_memory import is_out_of_memory
from bioseqrnn.inference.network import predict_packed
from bioseqrnn.inference.processes import Processes
from bioseqrnn.inference.windows import shifted
from bioseqrnn.metrics.numbers import brief
from bioseqrnn.networks.classifier import SequenceClassifier
from bioseqrnn.networks.defaults import fit_config, settled
from bioseqrnn.support.arrays import Ints
from bioseqrnn.support.console import progress, say
from bioseqrnn.tables.sequences import SequenceTable


@dataclass
class Trained:
    """A trained network and the history of its training.

    Attributes
    ----------
    network : SequenceClassifier
        Has the weights of ``best_epoch``, or their running mean if it is configured.
    history : DataFrame
        One row per epoch: ``epoch`` (from 1), ``learning_rate``, ``train_loss``, ``gradient_norm``
        and ``gradient_norm_max`` (mean and largest norm before clipping; in an ensemble, the norm
        of the member with the largest), ``clipped`` (fraction of steps with a clipped gradient),
        ``halvings`` (of the learning rate after divergences, so far),
        ``validation_loss``, ``validation_{metric}`` of the task (accuracy, or r2 in regression),
        and ``validation_auprc`` if epochs are chosen by it. Losses are means over records (residues
        in per_position): cross-entropies in nats, or squared errors. The training loss is weighted
        by class if ``class_weight`` is set so; in regression it is in units of the variance of the
        training values.
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
    processes: Processes,
    what: str = "train",
    last_epoch: int | None = None,
    session: Session | None = None,
) -> Trained:
    """Train one classifier on ``train`` with early stopping on ``validation``.

    Parameters
    ----------
    table : SequenceTable
    train, validation : int64 arrays
        Row numbers. Without validation rows (final model), training does not stop early.
    config : ModelConfig
    seed : int
        Seed of the initial weights, dropout and batches.
    processes : Processes
        The processes that train together: each calls this function with the same arguments and
        gets the same network.
    what : str
        Name in the log.
    last_epoch : int, optional
        Epoch to stop after. The learning-rate schedule is still that of ``config.epochs``, so that
        a final model takes the same steps as the networks of cross-validation.
    session : Session, optional
        Keeps a checkpoint, and stops the training after a signal; by default neither.

    Raises
    ------
    InputError
        Training diverges too often, or a single record does not fit in memory.
    TrainingStopped
        Raised by the session after a signal.
    """
    session = session or Session()
    config = fit_config(config, table.metadata)
    state = begin_training(config, table, train, seed=seed, processes=processes, what=what)
    session.resume(state)
    judge = state.objective.judge(table.targets[validation])
    if judge.later and len(validation):
        say(
            f"{what}: fewer than {FEW} validation records are outside the largest class, which is "
            "too few to compare epochs; the last epoch is kept"
        )
    epochs = last_epoch or settled(config, "epochs")
    started = time.perf_counter()
    with progress(what, "epochs", epochs) as bar:
        bar.advance(len(state.rows))
        while not state.finished:
            try:
                row = _epoch(state, table, train, config, seed, session)
                if len(validation):
                    row |= _validate(state, table, validation, session)
            except DivergenceError as why:
                state.go_back(why)
                continue
            state.end_epoch(row)
            if len(validation):
                state.keep_best(judge(row))
            waited = len(state.rows) - state.best.epoch if len(validation) else 0
            state.finished = len(state.rows) >= epochs or waited >= settled(config, "patience")
            # this is negative after a divergence
            bar.advance(len(state.rows) - bar.done)
    network = state.judged
    if state.best.weights is not None:
        network.load_state_dict(state.best.weights)
    best_epoch = state.best.epoch or len(state.rows)
    _say_end(what, state.rows, best_epoch, time.perf_counter() - started)
    return Trained(network, pd.DataFrame(state.rows), best_epoch)


def _epoch(
    state: TrainingState,
    table: SequenceTable,
    train: Ints,
    config: ModelConfig,
    seed: int,
    session: Session,
) -> dict[str, float]:
    """Train on all batches of an epoch that remain; return the row of the history."""
    state.network.train()
    start = state.begins() if state.batch == 0 else None
    weights = list(state.network.parameters())
    rng = state.deal()
    table, train = shifted(table, train, state.network.window, rng)
    batches = bucketed(train, table.lengths, settled(config, "batch_size"), rng)[state.batch :]
    owned = [state.processes.own(table.packed, batch) for batch in batches]
    shares = (batch[own] for batch, own in zip(batches, owned, strict=True))
    dense = dense_batches(table, shares, state.device, state.objective.scale)
    for batch, own, (_, x, lengths, target) in zip(batches, owned, dense, strict=True):
        state.processes.seed_batch(seed, state.epoch, state.batch)
        units = state.objective.units(table.lengths[batch])
        longest = int(table.lengths[batch].max())
        draws = Draws([seed, state.epoch, state.batch], len(batch), longest, own)
        x = augment(x, lengths, config, draws)
        loss = _set_gradients(state, x, lengths, target, units)
        loss = state.processes.sum_gradients(weights, loss)
        norm = _clip(state.network, config.gradient_clip)
        _require_finite(loss, "the loss")
        _require_finite(norm, "the gradient")
        if start is not None:
            state.begun_well(start)
            start = None
        state.optimizer.step()
        state.scheduler.step()
        state.average_weights()
        state.count(loss * units, norm, config.gradient_clip)
        session.tick()
    # after the last step, no loss has been computed that would show a divergence
    for name, weight in state.network.named_parameters():
        _require_finite(float(weight.detach().abs().max()), name)
    return {
        "epoch": state.epoch,
        "learning_rate": state.learning_rate,
        "train_loss": state.sums.loss / state.objective.units(table.lengths[train]),
        "gradient_norm": state.sums.norm / state.batch,
        "gradient_norm_max": state.sums.largest_norm,
        "clipped": state.sums.clipped / state.batch,
        "halvings": state.halvings,
    }


def _set_gradients(
    state: TrainingState, x: Tensor, lengths: Tensor, target: Tensor, units: int
) -> float:
    """Set the gradients of this process's part of the mean loss of a batch, and return that part.

    The records are processed in parts that fit in memory. Each loss is a sum divided by the number
    of units of the whole batch. The sum of these losses over parts and processes is therefore the
    mean loss of the batch, up to rounding.
    """
    while True:
        state.network.zero_grad()
        try:
            losses = [
                _add_gradients(state, member, x[part], lengths[part], target[part], units)
                for part in state.memory.parts(*x.shape[:2])
                for member in state.network.members
            ]
            # all values are read at once, since each read waits for the GPU
            return sum(torch.stack(losses).tolist()) / state.network.size if losses else 0.0
        except RuntimeError as error:
            # repeated after this block, since the traceback keeps tensors in memory
            if not is_out_of_memory(error):
                raise
        state.memory.halve(*x.shape[:2])


def _add_gradients(
    state: TrainingState,
    member: SequenceClassifier,
    x: Tensor,
    lengths: Tensor,
    target: Tensor,
    units: int,
) -> Tensor:
    """Add one member's gradients of a part of a batch, and return its part of the mean loss.

    This is a separate function so that its tensors are freed when memory runs out.
    """
    with state.processes.autocast():
        outputs = member(x, lengths)
    loss = state.objective.loss(outputs.float(), target) / units
    loss.backward()  # type: ignore[no-untyped-call]
    return loss.detach()


def _clip(network: SequenceClassifier, most: float) -> float:
    """Scale each member's gradient down to the norm ``most``.

    Returns the largest norm before scaling; infinity or NaN if any norm is not finite.
    """
    norms = [float(nn.utils.clip_grad_norm_(own, most)) for own in network.weights_by_member()]
    return max(norms, key=lambda norm: (not math.isfinite(norm), norm))


def _validate(
    state: TrainingState, table: SequenceTable, validation: Ints, session: Session
) -> dict[str, float]:
    """Return the loss and the task's metric on the validation records."""
    scores = predict_packed(
        state.judged,
        table.packed,
        table.alphabet,
        validation,
        state.device,
        memory=state.prediction_memory,
        processes=state.processes,
        between=session.tick,
    )
    row = state.objective.validation(table.targets[validation], scores)
    _require_finite(row["validation_loss"], "the validation loss")
    return row


def _require_finite(value: float, name: str) -> None:
    if not math.isfinite(value):
        raise DivergenceError(f"{name} is {value}")


def _say_end(what: str, rows: list[dict[str, float]], best_epoch: int, seconds: float) -> None:
    best = rows[best_epoch - 1]
    line = (
        f"{what}: {len(rows)} epochs in {seconds:.1f} s, training loss {brief(best['train_loss'])}"
    )
    if "validation_loss" in best:
        line += f"; best epoch {best_epoch}: " + ", ".join(
            f"{name.replace('_', ' ')} {brief(value)}"
            for name, value in best.items()
            if name.startswith("validation_")
        )
    say(line)
