"""The sequence classifier: stem → positions → recurrent layers → pooling → y = W_hy h + b_y.

For double-stranded DNA, the same weights can read both strands, whose summaries are pooled into one
(Shrikumar et al., bioRxiv 103663, 2017). Several such networks can form an ensemble, which predicts
the mean of their predictions (Hansen and Salamon, IEEE PAMI 12:993, 1990).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor, nn

from bioseqrnn.config.models import ModelConfig
from bioseqrnn.networks.defaults import settled
from bioseqrnn.networks.layers import FoldSteps, MotifStem, PositionEmbedding
from bioseqrnn.networks.pooling import Pooling
from bioseqrnn.networks.properties import residue_table
from bioseqrnn.networks.recurrent import LAYERS, initialise
from bioseqrnn.networks.strands import reverse, reverse_complement
from bioseqrnn.onehot.alphabet import PROTEIN_SYMBOLS
from bioseqrnn.tasks import TASKS, Task
from bioseqrnn.tasks.losses import activate


class SequenceClassifier(nn.Module):
    """A network that returns the logits of each class for a batch of one-hot sequences.

    The sequences may have any lengths.

    Parameters
    ----------
    config : ModelConfig
        Fitted to a dataset (``networks.defaults.fit_config``); settings that are still "auto" have
        the values for records.
    symbols : int
        One-hot columns (4 or 20).
    outputs : int
        Numbers per record or residue; two classes have two logits, as n classes have n.
    task : Task
        Meaning of the outputs. In per_position every residue has its own outputs,
        y_t = W_hy h_t + b_y, without pooling.

    Attributes
    ----------
    prior : float Tensor [outputs]
        Logarithm of the weights of the classes in the training loss; predictions are corrected
        for it.
    scale : float Tensor [2]
        Mean and standard deviation of the training values in regression, whose predictions are in
        the unit of the values.
    opposite : int64 Tensor [outputs]
        For each class of a residue, the class of the same residue on the other strand.
    others : ModuleList of SequenceClassifier
        The other members of an ensemble. Members share no weights.
    window, window_overlap : int or None
        Windows into which longer sequences are cut for prediction, in a network per position.
    """

    prior: Tensor
    scale: Tensor
    opposite: Tensor
    residues: Tensor | None

    def __init__(
        self, config: ModelConfig, symbols: int, outputs: int, task: Task = TASKS["multiclass"]
    ) -> None:
        super().__init__()
        self.task, self.outputs = task, outputs
        self.window = config.window if task.per_position else None
        self.window_overlap = config.window_overlap
        self.fold = FoldSteps(settled(config, "residues_per_step") if task.per_position else 1)
        self.register_buffer("prior", torch.zeros(outputs))
        # in double precision: values may be many standard deviations from 0
        self.register_buffer("scale", torch.tensor([0.0, 1.0], dtype=torch.float64))
        self.register_buffer("opposite", torch.arange(outputs))
        # not part of the state dict: it is not a weight, and is the same in every network
        table = residue_table() if reads_properties(config, symbols) else None
        self.register_buffer("residues", table, persistent=False)
        size = symbols if table is None else table.shape[1]
        self.stem = None
        if config.stem_filters:
            pool = 1 if config.stem_pool == "auto" else config.stem_pool
            self.stem = MotifStem(size, config.stem_filters, config.stem_width, pool)
            size = config.stem_filters
        positions = settled(config, "positions")
        self.position = PositionEmbedding(positions, size) if positions else None
        self.recurrent = LAYERS[config.cell](
            size * self.fold.residues,
            config.hidden_size,
            num_layers=config.layers,
            bidirectional=config.bidirectional,
            dropout=config.dropout if config.layers > 1 else 0.0,
        )
        initialise(self.recurrent, config.memory)
        features = config.hidden_size * (2 if config.bidirectional else 1)
        self.pooling = None if task.per_position else Pooling(list(config.pooling), features)
        self.dropout = nn.Dropout(config.dropout)
        summary = features if self.pooling is None else self.pooling.output_size
        # as for other settings, "auto" has its value only in a fitted configuration
        reads_stem = config.stem_summary is True and self.stem is not None
        self.filters = config.stem_filters if reads_stem and self.pooling is not None else 0
        summary += self.filters
        self.head = nn.Linear(summary, outputs * self.fold.residues)
        self.both_strands = config.reverse_complement == "average"
        alone = config.model_copy(update={"members": 1})
        self.others = nn.ModuleList(
            SequenceClassifier(alone, symbols, outputs, task) for _ in range(config.members - 1)
        )

    @property
    def members(self) -> Iterator[SequenceClassifier]:
        """The networks of the ensemble, this one first; each is trained on its own loss."""
        yield self
        yield from (other for other in self.others if isinstance(other, SequenceClassifier))

    @property
    def size(self) -> int:
        """Number of members."""
        return 1 + len(self.others)

    def weights_by_member(self) -> Iterator[list[nn.Parameter]]:
        """Yield the parameters of each member."""
        others = {id(weight) for weight in self.others.parameters()}
        yield [weight for weight in self.parameters() if id(weight) not in others]
        yield from (list(other.parameters()) for other in self.others)

    def fit_outputs(
        self, prior: Tensor, scale: tuple[float, float], opposite: Tensor | None = None
    ) -> None:
        """Set ``prior``, ``scale`` and ``opposite`` of all members."""
        for member in self.members:
            if opposite is not None:
                member.opposite.copy_(opposite)
            member.prior.copy_(prior)
            member.scale.copy_(torch.tensor(scale, dtype=torch.float64))

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """Return outputs of this member: [batch, outputs], or [batch, time, outputs] per position.

        Outputs are logits, or values in standard deviations from their mean. Outputs past a
        sequence's end have no meaning.

        Parameters
        ----------
        x : float Tensor [batch, time, symbols]
            Zero past a sequence's end.
        lengths : int64 Tensor [batch]
        """
        if self.both_strands and self.pooling is None:
            # both strands as one batch, which is faster than two
            strands = torch.cat([x, reverse_complement(x, lengths)])
            here, there = self._outputs(strands, lengths.repeat(2)).chunk(2)
            return (here + reverse(there, lengths)[..., self.opposite]) / 2
        return self._outputs(x, lengths)

    def _outputs(self, x: Tensor, lengths: Tensor) -> Tensor:
        """Outputs per residue of one strand, or per record (from both strands if both are read)."""
        strands = [x]
        if self.both_strands and self.pooling is not None:
            strands.append(reverse_complement(x, lengths))
        outputs = self.outputs_of(self.stem_output(strand, lengths) for strand in strands)
        return self.fold.undo(outputs, x.shape[1]) if self.task.per_position else outputs

    def outputs_of(self, strands: Iterable[tuple[Tensor, Tensor]]) -> Tensor:
        """Outputs of this member from what ``stem_output`` returned for the strands that are read.

        There are two strands, the given one first, if the network reads both, else one.
        """
        summary, *others = [self._summary(found, steps) for found, steps in strands]
        for other in others:
            summary = self.merge(summary, other)
        outputs: Tensor = self.head(self.dropout(summary))
        return outputs

    def _summary(self, found: Tensor, steps: Tensor) -> Tensor:
        """Input of the output layer for one strand: [batch, features], or features per residue."""
        # the output of the stem is zero past a sequence's end, and no value is smaller
        strongest = [found.max(dim=1).values] if self.filters else []
        x, steps = self._steps(found, steps)
        output, state = self.recurrent(self.dropout(x), steps)
        if self.pooling is None:
            every: Tensor = output
            return every
        hidden = state[0] if isinstance(state, tuple) else state
        directions = 2 if self.recurrent.bidirectional else 1
        # the states of the last layer, directions side by side: [batch, features]
        last = hidden[-directions:].transpose(0, 1).flatten(1)
        return torch.cat([self.pooling(output, last, _inside(x, steps)), *strongest], dim=1)

    def merge(self, one: Tensor, other: Tensor) -> Tensor:
        """Combine the summaries of both strands; of a filter of the stem, the larger value."""
        assert self.pooling is not None
        if not self.filters:
            return self.pooling.merge(one, other)
        size = self.pooling.output_size
        merged = self.pooling.merge(one[:, :size], other[:, :size])
        return torch.cat([merged, torch.maximum(one[:, size:], other[:, size:])], dim=1)

    def load_weights(self, weights: dict[str, Tensor]) -> None:
        """Load all weights; buffers that an older file lacks keep their initial values.

        Those buffers were not used in its training.
        """
        kept = self.state_dict()
        buffers = {name: kept[name] for name, _ in self.named_buffers() if name in kept}
        self.load_state_dict(buffers | weights)

    def scores(self, x: Tensor, lengths: Tensor) -> Tensor:
        """Return the predictions, float64 [units, outputs]: probabilities, or values.

        Units are the records, or all residues of the sequences (without padding), record by record.
        """
        outputs = self.mean_scores(member(x, lengths) for member in self.members)
        if self.task.per_position:
            outputs = outputs[torch.arange(x.shape[1]) < lengths.cpu().unsqueeze(1)]
        return outputs

    def mean_scores(self, outputs: Iterable[Tensor]) -> Tensor:
        """Return the predictions, float64, from the outputs of every member, in their order."""
        members = [
            activate(
                self.task,
                own.double(),
                member.prior.double(),
                (float(member.scale[0]), float(member.scale[1])),
            )
            for member, own in zip(self.members, outputs, strict=True)
        ]
        return torch.stack(members).mean(dim=0) if len(members) > 1 else members[0]

    def recurrent_input(self, x: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return the input of the recurrent layers, made from ``x``.

        Returns
        -------
        Tensor [batch, steps, features]
        int64 Tensor [batch]
            Steps of each sequence: its residues, or fewer if several residues become one step.
        """
        return self._steps(*self.stem_output(x, lengths))

    def stem_output(self, x: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Output of the stem [batch, steps, filters] and its steps; without a stem, its input."""
        if self.residues is not None:
            x = x @ self.residues.to(x.dtype)
        if self.stem is not None:
            return self.stem(x, _inside(x, lengths)), self.stem.steps(lengths)
        return x, lengths

    def _steps(self, x: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Input of the recurrent layers, from the output of the stem."""
        if self.position is not None:
            x = self.position(x, lengths)
        if self.fold.residues == 1:
            return x, lengths
        return self.fold(x, _inside(x, lengths)), self.fold.steps(lengths)


def reads_properties(config: ModelConfig, symbols: int) -> bool:
    """Whether such a network reads properties of amino acids in addition to one-hot columns."""
    return config.residue_properties and symbols == len(PROTEIN_SYMBOLS)


def _inside(x: Tensor, lengths: Tensor) -> Tensor:
    """Bool [batch, time]: which positions of ``x`` [batch, time, …] are inside a sequence."""
    ends = lengths.to(x.device, non_blocking=True)
    return torch.arange(x.shape[1], device=x.device) < ends.unsqueeze(1)
