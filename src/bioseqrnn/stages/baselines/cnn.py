"""``cnn``: a simple convolutional network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from bioseqrnn.config.models import ModelConfig
from bioseqrnn.fitting.best import Best
from bioseqrnn.fitting.objective import Objective
from bioseqrnn.inference.batches import bucketed, by_length
from bioseqrnn.inference.device import set_deterministic
from bioseqrnn.stages.baselines.features import residue_codes
from bioseqrnn.stages.baselines.problem import Both, Problem
from bioseqrnn.support.arrays import Codes, Doubles, Ints
from bioseqrnn.support.console import say
from bioseqrnn.tasks import PositionTruth, Truth
from bioseqrnn.tasks.losses import PADDING, activate, batch_targets
from bioseqrnn.tasks.truth import residues_of

FILTERS = 64
WIDTH = {"dna": 15, "protein": 7}
DROPOUT = 0.25
EPOCHS, PATIENCE = 40, 6
BATCH = 64
LEARNING_RATE = 0.002
WEIGHT_DECAY = 0.01
# dilation of each layer (per_position)
DILATIONS = (1, 3, 9)
# length in residues of the pieces that long records are cut into
PIECE = 1024
# largest number of pieces in an epoch, so that an epoch on a long table ends
MOST_PIECES = 4096


class ConvolutionalNetwork(nn.Module):
    """One layer of filters with max pooling; for labels per residue, three layers without pooling.

    As in DeepBind (Alipanahi et al., Nat. Biotechnol. 33:831, 2015), with only an output layer
    after the pooling.

    Parameters
    ----------
    symbols, width, outputs : int
    per_position : bool
    both_strands : bool
        Take the largest value over both strands of DNA.
    """

    def __init__(
        self, symbols: int, width: int, outputs: int, per_position: bool, both_strands: bool
    ) -> None:
        super().__init__()
        self.symbols, self.per_position, self.both_strands = symbols, per_position, both_strands
        channels = [symbols, *[FILTERS] * len(DILATIONS)] if per_position else [symbols, FILTERS]
        self.layers = nn.ModuleList(
            nn.Conv1d(a, b, width, dilation=d, padding=width // 2 * d)
            for a, b, d in zip(channels, channels[1:], DILATIONS, strict=False)
        )
        self.dropout = nn.Dropout(DROPOUT)
        self.head = nn.Linear(FILTERS, outputs)

    def forward(self, codes: Tensor) -> Tensor:
        """Map codes [batch, longest] to outputs for each record or residue.

        Codes are indices of the alphabet's symbols; ``symbols`` for an ambiguous residue (equal
        weight on every symbol); ``symbols + 1`` past the end of a record.
        """
        rows = torch.zeros(self.symbols + 2, self.symbols)
        rows[: self.symbols] = torch.eye(self.symbols)
        rows[self.symbols] = 1 / self.symbols
        x = rows[codes].transpose(1, 2)
        inside = (codes <= self.symbols).unsqueeze(1)
        if self.per_position:
            for layer in self.layers:
                x = torch.relu(layer(x)) * inside
            return cast(Tensor, self.head(self.dropout(x.transpose(1, 2))))
        pooled = self._pool(x, inside)
        if self.both_strands:
            # reversing the order A C G T gives the complements T G C A
            pooled = torch.maximum(pooled, self._pool(x.flip(1, 2), inside.flip(2)))
        return cast(Tensor, self.head(self.dropout(pooled)))

    def _pool(self, x: Tensor, inside: Tensor) -> Tensor:
        # positions past the end count as 0; no value is lower
        return (torch.relu(self.layers[0](x)) * inside).amax(dim=2)


@dataclass(frozen=True)
class Pieces:
    """Records, or parts of long ones, as codes.

    Attributes
    ----------
    codes : uint8 [residues]
        Codes of all records.
    starts, lengths : int64 [pieces]
        Start of each piece in ``codes``, and its length in residues, including margins.
    skipped, kept : int64 [pieces]
        Residues in the margin before the piece, and residues of the piece itself.
    """

    codes: Codes
    starts: Ints
    lengths: Ints
    skipped: Ints
    kept: Ints

    @staticmethod
    def of(codes: Codes, offsets: Ints, size: int, margin: int) -> Pieces:
        """Cut records into pieces of ``size`` residues, with up to ``margin`` more on each side."""
        lengths = np.diff(offsets)
        counts = -(-lengths // size)
        record = np.repeat(np.arange(len(lengths)), counts)
        number = np.arange(len(record)) - np.repeat(np.cumsum(counts) - counts, counts)
        begins = offsets[record] + number * size
        ends = np.minimum(begins + size, offsets[record + 1])
        starts = np.maximum(begins - margin, offsets[record])
        stops = np.minimum(ends + margin, offsets[record + 1])
        return Pieces(codes, starts, stops - starts, begins - starts, ends - begins)

    def batch(self, picked: Ints, symbols: int) -> Tensor:
        """Codes of some pieces, padded: int64 [batch, longest]."""
        index, inside = _places(self.starts[picked], self.lengths[picked])
        return torch.from_numpy(np.where(inside, self.codes[index], symbols + 1).astype(np.int64))


def _places(starts: Ints, lengths: Ints) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Index of each residue of some pieces, and whether it exists: [batch, longest]."""
    steps = np.arange(int(lengths.max()))
    inside = steps < lengths[:, None]
    return np.where(inside, starts[:, None] + steps, 0), inside


def predict(problem: Problem) -> Both:
    """Train on the training records with early stopping, then train again with the validation ones.

    64 filters of width 15 (DNA) or 7 (protein), max pooling over the record, dropout, a linear
    layer; AdamW. The losses, the class weights, the criterion of the best epoch, and the second
    training for as many epochs are those of the recurrent networks. For labels per residue: three
    layers with growing dilation, no pooling, and long records in pieces of 1,024 residues.
    """
    first, epochs = _fit(problem, problem.train, None)
    last, _ = _fit(problem, problem.fitted, epochs)
    return _scores(*first, problem, problem.validation), _scores(*last, problem, problem.test)


def _fit(
    problem: Problem, rows: Ints, epochs: int | None
) -> tuple[tuple[ConvolutionalNetwork, Objective], int]:
    """Train a new network on some records; return it and its number of epochs.

    Without ``epochs``, the network of the best epoch on the validation records is returned.
    """
    # the job has set the number of threads
    set_deterministic(problem.seed, torch.get_num_threads())
    table, task, truth = problem.table, problem.task, problem.truth(rows)
    objective = Objective.of(ModelConfig(cell="gru"), task, truth, problem.classes)
    network = ConvolutionalNetwork(
        table.alphabet.width,
        WIDTH[problem.alphabet],
        task.outputs(problem.classes),
        task.per_position,
        problem.both_strands,
    )
    codes, offsets = residue_codes(table, rows)
    longest = PIECE if task.per_position else int(np.diff(offsets).max())
    pieces = Pieces.of(codes, offsets, longest, 0)
    optimizer = torch.optim.AdamW(network.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    rng = np.random.default_rng(problem.seed)
    judge = objective.judge(problem.truth(problem.validation))
    best, waited, epoch = Best(), 0, 0
    while epoch < (epochs or EPOCHS) and waited < PATIENCE:
        _train(network, objective, optimizer, pieces, truth, rng)
        epoch += 1
        if epochs is not None:
            continue
        scores = _scores(network, objective, problem, problem.validation)
        row = objective.validation(problem.truth(problem.validation), scores)
        found = judge(row | {"epoch": epoch})
        if best.loses_to(found):
            weights = {name: value.clone() for name, value in network.state_dict().items()}
            best, waited = Best(found.loss, epoch, weights, found.lack, found.lack), 0
        else:
            waited += 1
    if best.weights is not None:
        network.load_state_dict(best.weights)
        say(f"cnn: {epoch} epochs, best epoch {epoch - waited}")
    return (network, objective), epoch - waited


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
            index, inside = _places(pieces.starts[batch], pieces.lengths[batch])
            labels = np.where(inside, truth.codes[index].astype(np.int64), PADDING)
            target, units = torch.from_numpy(labels), int(inside.sum())
        else:
            target = batch_targets(objective.task, truth, batch, objective.scale)
            units = len(batch)
        loss = objective.loss(outputs, target) / units
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()


@torch.no_grad()
def _scores(
    network: ConvolutionalNetwork, objective: Objective, problem: Problem, rows: Ints
) -> Doubles:
    """Scores of all units of some records, in their order: float64 [units, outputs]."""
    network.eval()
    width = problem.task.outputs(problem.classes)
    parts = [np.zeros((0, width))]
    reach = sum(d * (WIDTH[problem.alphabet] // 2) for d in DILATIONS)
    for some in problem.chunks(rows):
        codes, offsets = residue_codes(problem.table, some)
        by_residue = problem.task.per_position
        size = 8 * PIECE if by_residue else int(np.diff(offsets).max())
        pieces = Pieces.of(codes, offsets, size, reach if by_residue else 0)
        sizes = pieces.kept if by_residue else np.ones_like(pieces.kept)
        ends = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])
        scores = np.zeros((int(ends[-1]), width))
        for batch in by_length(np.arange(len(pieces.starts)), pieces.lengths):
            outputs = network(pieces.batch(batch, network.symbols)).double()
            values = activate(objective.task, outputs, objective.prior, objective.scale).numpy()
            if by_residue:
                index, inside = _places(pieces.skipped[batch], pieces.kept[batch])
                values = np.take_along_axis(values, index[:, :, None], axis=1)[inside]
            scores[residues_of(ends, batch)] = values
        parts.append(scores)
    return np.concatenate(parts)
