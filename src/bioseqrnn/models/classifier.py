"""The sequence classifier: stem → positions → recurrent layers → pooling → y = W_hy h + b_y."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from bioseqrnn.config.schema import ModelConfig
from bioseqrnn.models.layers import MotifStem, PositionEmbedding
from bioseqrnn.models.pooling import Pooling
from bioseqrnn.models.recurrent import CELLS, initialise


class SequenceClassifier(nn.Module):
    """Logits of each class for a batch of one-hot sequences of any lengths.

    Parameters
    ----------
    config : ModelConfig
    symbols : int
        One-hot columns (4 or 20).
    classes : int
        Two classes get two logits, like any other number.
    """

    def __init__(self, config: ModelConfig, symbols: int, classes: int) -> None:
        super().__init__()
        size = symbols
        self.stem = None
        if config.stem_filters:
            self.stem = MotifStem(symbols, config.stem_filters, config.stem_width)
            size = config.stem_filters
        self.position = PositionEmbedding(config.positions, size) if config.positions else None
        self.recurrent = CELLS[config.cell](
            size,
            config.hidden_size,
            num_layers=config.layers,
            bidirectional=config.bidirectional,
            dropout=config.dropout if config.layers > 1 else 0.0,
        )
        initialise(self.recurrent)
        features = config.hidden_size * (2 if config.bidirectional else 1)
        self.pooling = Pooling(list(config.pooling), features)
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(self.pooling.output_size, classes)

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """Return logits [batch, classes].

        Parameters
        ----------
        x : float Tensor [batch, time, symbols]
            Zero past a sequence's end.
        lengths : int64 Tensor [batch]
        """
        mask = torch.arange(x.shape[1], device=x.device) < lengths.to(x.device).unsqueeze(1)
        x = self.recurrent_input(x, lengths, mask)
        output, state = self.recurrent(self.dropout(x), lengths)
        hidden = state[0] if isinstance(state, tuple) else state
        directions = 2 if self.recurrent.bidirectional else 1
        # the last layer's states, one direction beside the other: [batch, features]
        last = hidden[-directions:].transpose(0, 1).flatten(1)
        logits: Tensor = self.head(self.dropout(self.pooling(output, last, mask)))
        return logits

    def recurrent_input(self, x: Tensor, lengths: Tensor, mask: Tensor) -> Tensor:
        """What the recurrent layers read of ``x``: [batch, time, features].

        ``mask`` [batch, time] is True inside a sequence.
        """
        if self.stem is not None:
            x = self.stem(x, mask)
        if self.position is not None:
            x = self.position(x, lengths)
        return x
