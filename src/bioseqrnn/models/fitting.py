"""What a configuration leaves to the dataset, settled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bioseqrnn.config.schema import ModelConfig
from bioseqrnn.tasks import task_of

# docs/recipe.md says what this was chosen by
PROTEIN_MUTATION = 0.1


def fit_config(config: ModelConfig, metadata: Mapping[str, Any]) -> ModelConfig:
    """Return the configuration as it stands for one dataset; one that does so already stays as is.

    Parameters
    ----------
    config : ModelConfig
    metadata : mapping
        ``alphabet``, ``strands``, ``task`` and ``opposite`` of a sequence table.
    """
    dna = metadata["alphabet"] == "dna"
    per_position = task_of(metadata["task"]).per_position
    changes: dict[str, Any] = {}
    if not dna or (per_position and "opposite" not in metadata):
        changes["reverse_complement"] = "none"
    elif per_position:
        alone = config.reverse_complement == "none"
        changes["reverse_complement"] = "none" if alone else "average"
    elif config.reverse_complement == "auto":
        both = metadata["strands"] == "both"
        changes["reverse_complement"] = "average" if both else "none"
    if config.mutation == "auto":
        changes["mutation"] = 0.0 if dna else PROTEIN_MUTATION
    if per_position:
        # a label belongs to a residue at its place
        changes |= {"stem_pool": 1, "shift": 0}
    return config.model_copy(update=changes)
