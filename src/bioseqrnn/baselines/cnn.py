"""``cnn``: a simple convolutional network."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise

import numpy as np
import torch
from scipy.special import expit, softmax

from bioseqrnn.baselines.convolution import ConvolutionalNetwork, Pieces, places
from bioseqrnn.baselines.heads import Linear
from bioseqrnn.baselines.model import Settings
from bioseqrnn.baselines.problem import Problem
from bioseqrnn.baselines.records import Form, Records
from bioseqrnn.baselines.stored import Arrays, Stored
from bioseqrnn.config.models import ModelConfig
from bioseqrnn.fitting.best import Best
from bioseqrnn.fitting.objective import Objective
from bioseqrnn.inference.batches import bucketed
from bioseqrnn.inference.device import set_deterministic
from bioseqrnn.support.arrays import Codes, Doubles, Floats, Ints
from bioseqrnn.support.console import say
from bioseqrnn.tasks import PositionTruth, Truth
from bioseqrnn.tasks.losses import PADDING, batch_targets
from bioseqrnn.tasks.task import Multilabel, Regression

EPOCHS, PATIENCE = 40, 6
BATCH = 64
LEARNING_RATE = 0.002
WEIGHT_DECAY = 0.01
# length in residues of the pieces that long records are cut into, for training and for prediction
PIECE = 1024
STRETCH = 8192
# largest number of pieces in an epoch, so that an epoch on a long table ends
MOST_PIECES = 4096


@dataclass(frozen=True)
class Convolution:
    """A trained network, and what turns its outputs into scores: a ``Fitted``.

    Attributes
    ----------
    form : Form
    settings : mapping
    network : ConvolutionalNetwork
    prior : float32 [outputs]
        Logarithm of the class weights of the training (``tasks.losses.activate``).
    scale : (float, float)
        Mean and standard deviation of the training values in regression.
    """

    form: Form
    settings: Settings
    network: ConvolutionalNetwork
    prior: Floats
    scale: tuple[float, float]
    length: int | None = None

    @torch.no_grad()
    def scores(self, records: Records) -> Doubles:
        """See ``Fitted``."""
        self.network.eval()
        parts = [np.zeros((0, self.form.outputs))]
        for some in records.chunks():
            codes, offsets = some.codes()
            if self.form.task.per_position:
                outputs = np.concatenate([self._residues(codes[a:b]) for a, b in pairwise(offsets)])
            else:
                head = self.network.head
                weights, bias = (x.double().numpy() for x in (head.weight, head.bias))
                outputs = Linear(weights, bias).raw(self.network.pooled(codes, offsets))
            parts.append(self._activated(outputs))
        return np.concatenate(parts)

    def _residues(self, codes: Codes) -> Doubles:
        """Outputs of each residue of one record: float64 [residues, outputs].

        The record is alone in its batch, since PyTorch rounds differently in larger batches.
        """
        pieces = Pieces.of(codes, np.array([0, len(codes)]), STRETCH, self.network.reach)
        found = []
        for number in range(len(pieces.starts)):
            piece = pieces.batch(np.array([number]), self.network.symbols)
            start = int(pieces.skipped[number])
            found.append(self.network(piece)[0, start : start + int(pieces.kept[number])])
        return np.asarray(torch.cat(found).double().numpy())

    def _activated(self, outputs: Doubles) -> Doubles:
        """Scores from outputs, as ``tasks.losses.activate`` computes them."""
        if isinstance(self.form.task, Regression):
            return outputs * self.scale[1] + self.scale[0]
        corrected = outputs - self.prior
        activate = expit if isinstance(self.form.task, Multilabel) else partial(softmax, axis=1)
        return np.asarray(activate(corrected))

    def arrays(self) -> Arrays:
        """See ``Fitted``."""
        weights = {name: value.numpy() for name, value in self.network.state_dict().items()}
        return weights | {"prior": self.prior, "scale": np.array(self.scale)}


def choices(form: Form) -> dict[str, tuple[int, ...]]:  # noqa: ARG001
    """Values of each setting."""
    return {"epochs": tuple(range(1, EPOCHS + 1))}


def choose(problem: Problem, train: Ints, validation: Ints) -> tuple[Settings, Convolution]:
    """Stop training by the validation records, as for the recurrent networks."""
    return _fit(problem, train, validation, EPOCHS)


def fit(problem: Problem, rows: Ints, settings: Settings) -> Convolution:
    """Train for a number of epochs.

    64 filters of width 15 (DNA) or 7 (protein), max pooling over the record, dropout, a linear
    layer; AdamW. The losses, the class weights, the criterion of the best epoch, and the second
    training for as many epochs are those of the recurrent networks. For labels per residue: three
    layers with growing dilation, no pooling, and long records in pieces of 1,024 residues.
    """
    return _fit(problem, rows, None, int(settings["epochs"]))[1]


def load(form: Form, settings: Settings, stored: Stored) -> Convolution:
    """Read the model of ``fit``."""
    network = ConvolutionalNetwork.of(form)
    weights = {
        name: torch.from_numpy(stored.take(name, np.float32, *value.shape))
        for name, value in network.state_dict().items()
    }
    prior = stored.take("prior", np.float32, form.outputs)
    mean, spread = stored.take("scale", np.float64, 2).tolist()
    stored.finish()
    network.load_state_dict(weights)
    return Convolution(form, settings, network, prior, (mean, spread))


def _fit(
    problem: Problem, rows: Ints, validation: Ints | None, epochs: int
) -> tuple[Settings, Convolution]:
    """Train a new network on some records; return it and its number of epochs.

    With ``validation`` records, the network of the best epoch on these is returned.
    """
    # the job has set the number of threads
    set_deterministic(problem.seed, torch.get_num_threads())
    task, truth = problem.task, problem.truth(rows)
    objective = Objective.of(ModelConfig(cell="gru"), task, truth, problem.form.classes)
    network = ConvolutionalNetwork.of(problem.form)
    # without weights of classes, 0 for all
    prior = objective.prior.expand(problem.form.outputs).numpy()
    model = Convolution(problem.form, {}, network, np.array(prior), objective.scale)
    codes, offsets = problem.records(rows).codes()
    longest = PIECE if task.per_position else int(np.diff(offsets).max())
    pieces = Pieces.of(codes, offsets, longest, 0)
    optimizer = torch.optim.AdamW(network.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    rng = np.random.default_rng(problem.seed)
    known = None if validation is None else problem.truth(validation)
    judge = None if known is None else objective.judge(known)
    best, waited, epoch = Best(), 0, 0
    while epoch < epochs and waited < PATIENCE:
        _train(network, objective, optimizer, pieces, truth, rng)
        epoch += 1
        if validation is None or known is None or judge is None:
            continue
        row = objective.validation(known, model.scores(problem.records(validation)))
        found = judge(row | {"epoch": epoch})
        if best.loses_to(found):
            weights = {name: value.clone() for name, value in network.state_dict().items()}
            best, waited = Best(found.loss, epoch, weights, found.lack, found.lack), 0
        else:
            waited += 1
    if best.weights is not None:
        network.load_state_dict(best.weights)
        say(f"cnn: {epoch} epochs, best epoch {epoch - waited}")
    return {"epochs": epoch - waited}, replace(model, settings={"epochs": epoch - waited})


def _train(
    network: ConvolutionalNetwork,
    objective: Objective,
    optimizer: torch.optim.Optimizer,
    pieces: Pieces,
    truth: Truth,
    rng: np.random.Generator,
) -> None:
    """Train for one epoch."""
    network.train()
    seen = np.arange(len(pieces.starts))
    if objective.task.per_position:
        seen = rng.permutation(seen)[:MOST_PIECES]
    for batch in bucketed(seen, pieces.lengths, BATCH, rng):
        outputs = network(pieces.batch(batch, network.symbols))
        if isinstance(truth, PositionTruth):
            index, inside = places(pieces.starts[batch], pieces.lengths[batch])
            labels = np.where(inside, truth.codes[index].astype(np.int64), PADDING)
            target, units = torch.from_numpy(labels), int(inside.sum())
        else:
            target = batch_targets(objective.task, truth, batch, objective.scale)
            units = len(batch)
        loss = objective.loss(outputs, target) / units
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
