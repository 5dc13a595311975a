"""The network of the baseline ``cnn``, and records cut into pieces for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from bioseqrnn.baselines.records import Form
from bioseqrnn.support.arrays import Bools, Codes, Floats, Ints
from bioseqrnn.support.compiled import compiled, frozen

FILTERS = 64
WIDTH = {"dna": 15, "protein": 7}
DROPOUT = 0.25
# dilation of each layer (per_position)
DILATIONS = (1, 3, 9)


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
        # residues on each side that an output depends on
        self.reach = width // 2 * (sum(DILATIONS) if per_position else 1)
        channels = [symbols, *[FILTERS] * len(DILATIONS)] if per_position else [symbols, FILTERS]
        self.layers = nn.ModuleList(
            nn.Conv1d(a, b, width, dilation=d, padding=width // 2 * d)
            for a, b, d in zip(channels, channels[1:], DILATIONS, strict=False)
        )
        self.dropout = nn.Dropout(DROPOUT)
        self.head = nn.Linear(FILTERS, outputs)

    @staticmethod
    def of(form: Form) -> ConvolutionalNetwork:
        """Return a new network of a form."""
        per_position, width = form.task.per_position, WIDTH[form.alphabet.name]
        symbols = form.alphabet.width
        return ConvolutionalNetwork(symbols, width, form.outputs, per_position, form.both_strands)

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

    def pooled(self, codes: Codes, offsets: Ints) -> Floats:
        """Largest value of each filter in each record, without PyTorch: float32 [n, filters].

        The same as in ``forward`` up to rounding. Here, rounding does not depend on the other
        records of a batch; and a one-hot row times a filter is a look-up, which is faster.

        Parameters
        ----------
        codes : uint8 [residues]
            Codes of all records.
        offsets : int64 [n + 1]
            Start of each record.
        """
        layer = cast(nn.Conv1d, self.layers[0])
        weights = layer.weight.detach().numpy().transpose(2, 1, 0)
        ambiguous = weights.mean(axis=1, keepdims=True)
        tables = [np.concatenate([weights, ambiguous], axis=1)]
        if self.both_strands:
            # the filter on the other strand: mirrored, with the complements in its columns
            tables.append(np.concatenate([weights[::-1, ::-1], ambiguous[::-1]], axis=1))
        bias = np.asarray(cast(Tensor, layer.bias).detach().numpy())
        best = np.zeros((len(offsets) - 1, FILTERS), np.float32)
        for table in tables:
            rows = np.ascontiguousarray(table, np.float32)
            _scan(frozen(codes), frozen(offsets), frozen(rows), frozen(bias), best)
        return best


@compiled
def _scan(codes: Codes, offsets: Ints, table: Floats, bias: Floats, best: Floats) -> None:
    """Raise ``best`` [records, filters] to the value of each filter at each position."""
    width, filters = table.shape[0], table.shape[2]
    total = np.empty(filters, np.float32)
    for record in range(len(offsets) - 1):
        begin, end = offsets[record], offsets[record + 1]
        for middle in range(begin, end):
            for f in range(filters):
                total[f] = bias[f]
            first = middle - width // 2
            for place in range(max(begin, first), min(end, first + width)):
                j, code = place - first, codes[place]
                for f in range(filters):
                    total[f] += table[j, code, f]
            for f in range(filters):
                best[record, f] = max(best[record, f], total[f])


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
        index, inside = places(self.starts[picked], self.lengths[picked])
        return torch.from_numpy(np.where(inside, self.codes[index], symbols + 1).astype(np.int64))


def places(starts: Ints, lengths: Ints) -> tuple[Ints, Bools]:
    """Index of each residue of some pieces, and whether it exists: [batch, longest]."""
    steps = np.arange(int(lengths.max()))
    inside = steps < lengths[:, None]
    return np.where(inside, starts[:, None] + steps, 0), inside
