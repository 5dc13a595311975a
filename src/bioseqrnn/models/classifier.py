"""The sequence classifier: stem → positions → recurrent layers → pooling → y = W_hy h + b_y."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from bioseqrnn.config.schema import ModelConfig
from bioseqrnn.models.layers import FoldSteps, MotifStem, PositionEmbedding
from bioseqrnn.models.pooling import Pooling
from bioseqrnn.models.recurrent import CELLS, initialise
from bioseqrnn.tasks import TASKS, Task
from bioseqrnn.tasks.losses import activate


class SequenceClassifier(nn.Module):
    """Logits of each class for a batch of one-hot sequences of any lengths.

    Parameters
    ----------
    config : ModelConfig
    symbols : int
        One-hot columns (4 or 20).
    outputs : int
        Numbers a record or residue; two classes get two logits, like any other number.
    task : Task
        What the outputs are; in per_position every residue has its own, y_t = W_hy h_t + b_y,
        without pooling.

    Attributes
    ----------
    prior : float Tensor [outputs]
        Logarithm of the weights of the classes in the training loss; predictions are corrected
        for it.
    scale : float Tensor [2]
        Mean and standard deviation of the training values; of regression, whose outputs are in the
        values' unit.
    window, window_overlap : int or None
        How longer sequences are cut for prediction, in a network per position.
    """

    prior: Tensor
    scale: Tensor

    def __init__(
        self, config: ModelConfig, symbols: int, outputs: int, task: Task = TASKS["multiclass"]
    ) -> None:
        super().__init__()
        self.task, self.outputs = task, outputs
        self.window = config.window if task.per_position else None
        self.window_overlap = config.window_overlap
        self.fold = FoldSteps(config.residues_per_step if task.per_position else 1)
        self.register_buffer("prior", torch.zeros(outputs))
        self.register_buffer("scale", torch.tensor([0.0, 1.0]))
        size = symbols
        self.stem = None
        if config.stem_filters:
            self.stem = MotifStem(symbols, config.stem_filters, config.stem_width)
            size = config.stem_filters
        self.position = PositionEmbedding(config.positions, size) if config.positions else None
        self.recurrent = CELLS[config.cell](
            size * self.fold.residues,
            config.hidden_size,
            num_layers=config.layers,
            bidirectional=config.bidirectional,
            dropout=config.dropout if config.layers > 1 else 0.0,
        )
        initialise(self.recurrent)
        features = config.hidden_size * (2 if config.bidirectional else 1)
        self.pooling = None if task.per_position else Pooling(list(config.pooling), features)
        self.dropout = nn.Dropout(config.dropout)
        summary = features if self.pooling is None else self.pooling.output_size
        self.head = nn.Linear(summary, outputs * self.fold.residues)

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """Return outputs [batch, outputs], or [batch, time, outputs] of a network per position.

        Logits, or values; past a sequence's end they mean nothing.

        Parameters
        ----------
        x : float Tensor [batch, time, symbols]
            Zero past a sequence's end.
        lengths : int64 Tensor [batch]
        """
        mask = torch.arange(x.shape[1], device=x.device) < lengths.to(x.device).unsqueeze(1)
        x = self.recurrent_input(x, lengths, mask)
        output, state = self.recurrent(self.dropout(x), self.fold.steps(lengths))
        hidden = state[0] if isinstance(state, tuple) else state
        directions = 2 if self.recurrent.bidirectional else 1
        # the last layer's states, one direction beside the other: [batch, features]
        last = hidden[-directions:].transpose(0, 1).flatten(1)
        summary = output if self.pooling is None else self.pooling(output, last, mask)
        outputs: Tensor = self.head(self.dropout(summary)) * self.scale[1] + self.scale[0]
        return self.fold.undo(outputs, mask.shape[1]) if self.task.per_position else outputs

    def load_weights(self, weights: dict[str, Tensor]) -> None:
        """Take over all weights; without ``prior`` and ``scale``, none were used in training."""
        self.load_state_dict({"prior": self.prior, "scale": self.scale} | weights)

    def scores(self, x: Tensor, lengths: Tensor) -> Tensor:
        """Return what is predicted, float64 [units, outputs]: probabilities, or values.

        Units are the records, or all residues inside the sequences, record after record.
        """
        outputs = activate(self.task, self(x, lengths).double(), self.prior.double())
        if self.task.per_position:
            outputs = outputs[torch.arange(x.shape[1]) < lengths.cpu().unsqueeze(1)]
        return outputs

    def recurrent_input(self, x: Tensor, lengths: Tensor, mask: Tensor) -> Tensor:
        """What the recurrent layers read of ``x``: [batch, steps, features].

        ``mask`` [batch, time] is True inside a sequence, which has ``fold.steps(lengths)`` steps.
        """
        if self.stem is not None:
            x = self.stem(x, mask)
        if self.position is not None:
            x = self.position(x, lengths)
        folded: Tensor = self.fold(x, mask)
        return folded
