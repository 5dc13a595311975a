"""The layers before the recurrent layer: motif stem, position embedding, folding of steps."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


def may_pad(mask: Tensor) -> bool:
    """Whether ``mask`` [batch, time] is False somewhere.

    Always True on a GPU: masking is quick there even if it is not needed, while the CPU would have
    to wait for the answer and leave the GPU without work.
    """
    return mask.device.type != "cpu" or not bool(mask.all())


class MotifStem(nn.Module):
    """One convolution whose filters recognise motifs, then max pooling over a few positions.

    Parameters
    ----------
    symbols, filters, width : int
        One-hot columns of the input, channels of the output, positions that a filter spans (odd).
    pool : int
        Positions that become one step, by their maximum; 1 keeps every position.
    """

    def __init__(self, symbols: int, filters: int, width: int, pool: int = 1) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(symbols, filters, width, padding=width // 2)
        self.pool = pool

    def steps(self, lengths: Tensor) -> Tensor:
        """Number of steps of sequences of these lengths: length / ``pool``, rounded up."""
        return (lengths + (self.pool - 1)) // self.pool

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Map [batch, time, symbols] to [batch, steps, filters], zero past a sequence's last step.

        ``mask`` [batch, time] is True inside a sequence. The input is zero past a sequence's end,
        and the convolution also pads with zeros: a sequence gives the same numbers alone and in a
        batch.
        """
        out = torch.relu(self.convolution(x.transpose(1, 2))).transpose(1, 2)
        if may_pad(mask):
            out = out * mask.unsqueeze(-1)
        if self.pool == 1:
            return out
        batch, time, filters = out.shape
        steps = -(-time // self.pool)
        # the last step is filled up with zeros; no value is smaller than that
        out = nn.functional.pad(out, (0, 0, 0, steps * self.pool - time))
        return out.view(batch, steps, self.pool, filters).amax(dim=2)


class PositionEmbedding(nn.Module):
    """A learned vector per position, counted from both ends, added to the input.

    Parameters
    ----------
    positions : int
        Positions distinguished at each end; all positions further inside share one vector.
    features : int
        Size of an input vector.
    """

    def __init__(self, positions: int, features: int) -> None:
        super().__init__()
        self.from_start = nn.Embedding(positions, features)
        self.from_end = nn.Embedding(positions, features)
        for table in (self.from_start, self.from_end):
            nn.init.normal_(table.weight, std=0.1)

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """Add vectors to ``x`` [batch, time, features].

        Values past ``lengths`` [batch] have no meaning.
        """
        last = self.from_start.num_embeddings - 1
        time = torch.arange(x.shape[1], device=x.device)
        lengths = lengths.to(x.device, non_blocking=True)
        end = (lengths.unsqueeze(1) - 1 - time).clamp(0, last)
        added: Tensor = x + self.from_start(time.clamp(max=last)) + self.from_end(end)
        return added


class FoldSteps(nn.Module):
    """Joins several residues to one step of the recurrence, and separates their outputs again.

    Codons have three residues: with three residues per step, a step reads as many as a codon has,
    and a gene has a third of the steps. Each residue keeps its own columns in the input and in the
    output.

    Parameters
    ----------
    residues : int
        Residues per step; 1 changes nothing.
    """

    def __init__(self, residues: int) -> None:
        super().__init__()
        self.residues = residues

    def steps(self, lengths: Tensor) -> Tensor:
        """Number of steps of sequences of these lengths; zeros may fill up the last step."""
        return (lengths + self.residues - 1) // self.residues

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Map [batch, time, features] to [batch, steps, residues * features].

        Where ``mask`` [batch, time] is False, the input is set to zero, also inside the step in
        which a sequence ends: a sequence gives the same numbers alone and in a batch.
        """
        if self.residues == 1:
            return x
        x = x * mask.unsqueeze(-1)
        x = functional.pad(x, (0, 0, 0, -x.shape[1] % self.residues))
        return x.reshape(x.shape[0], -1, self.residues * x.shape[2])

    def undo(self, outputs: Tensor, time: int) -> Tensor:
        """Map outputs [batch, steps, residues * outputs] to [batch, ``time``, outputs]."""
        if self.residues == 1:
            return outputs
        apart = outputs.reshape(outputs.shape[0], -1, outputs.shape[2] // self.residues)
        return apart[:, :time]
