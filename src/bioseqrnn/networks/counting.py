"""The number of weights of a network, computed before any memory is allocated for it."""

from __future__ import annotations

from bioseqrnn.config.models import ModelConfig
from bioseqrnn.networks.cells import CELLS
from bioseqrnn.networks.classifier import reads_properties
from bioseqrnn.networks.defaults import settled
from bioseqrnn.networks.pooling import has_score
from bioseqrnn.networks.properties import residue_table
from bioseqrnn.tasks import Task


def count_numbers(config: ModelConfig, symbols: int, outputs: int, task: Task) -> int:
    """Count the numbers in the state dict of a ``SequenceClassifier`` with these arguments."""
    size = residue_table().shape[1] if reads_properties(config, symbols) else symbols
    # prior, scale and opposite
    total = 2 * outputs + 2
    if config.stem_filters:
        total += config.stem_filters * (size * config.stem_width + 1)
        size = config.stem_filters
    total += 2 * settled(config, "positions") * size
    together = settled(config, "residues_per_step") if task.per_position else 1
    hidden, directions = config.hidden_size, 1 + config.bidirectional
    features = hidden * directions
    rows = CELLS[config.cell].gates * features
    total += rows * (size * together + hidden + 2)
    total += rows * (features + hidden + 2) * (config.layers - 1)
    summary = features
    if not task.per_position:
        summary = features * len(config.pooling)
        summary += config.stem_filters if config.stem_summary is True else 0
        total += features * has_score(list(config.pooling))
    total += (summary + 1) * outputs * together
    return total * config.members
