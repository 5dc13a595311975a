"""Values of the settings that a configuration leaves to the dataset ("auto")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bioseqrnn.config.models import ModelConfig
from bioseqrnn.tasks import task_of

# docs/recipe.md explains how these were chosen
PROTEIN_MUTATION = 0.15
BOTH_STRANDS_POOL = 3
# values of "auto" for tasks per record, per residue of DNA, and per residue of proteins
AUTO: dict[str, tuple[int, int, int]] = {
    "positions": (64, 0, 0),
    "residues_per_step": (1, 3, 1),
    "epochs": (20, 70, 70),
    "patience": (8, 15, 15),
    "batch_size": (64, 8, 8),
}


def settled(config: ModelConfig, name: str) -> int:
    """Return the value of a setting in ``AUTO``; if it is still "auto", the value for records."""
    value = getattr(config, name)
    return AUTO[name][0] if value == "auto" else int(value)


def fit_config(config: ModelConfig, metadata: Mapping[str, Any]) -> ModelConfig:
    """Return the configuration for one dataset; one that was fitted already does not change.

    Parameters
    ----------
    config : ModelConfig
    metadata : mapping
        ``alphabet``, ``strands``, ``task`` and ``opposite`` of a sequence table.
    """
    dna = metadata["alphabet"] == "dna"
    per_position = task_of(metadata["task"]).per_position
    strands: str = config.reverse_complement
    if not dna or (per_position and "opposite" not in metadata):
        strands = "none"
    elif per_position:
        strands = "none" if strands == "none" else "average"
    elif strands == "auto":
        strands = "average" if metadata["strands"] == "both" else "none"
    changes: dict[str, Any] = {"reverse_complement": strands}
    if per_position:
        # each label belongs to the residue at one position, which must not move
        changes |= {"stem_pool": 1, "shift": 0}
    elif config.stem_pool == "auto":
        changes["stem_pool"] = BOTH_STRANDS_POOL if strands == "average" else 1
    if per_position or not config.stem_filters:
        changes["stem_summary"] = False
    elif config.stem_summary == "auto":
        changes["stem_summary"] = strands == "average"
    column = 0 if not per_position else 1 if dna else 2
    for name, values in AUTO.items():
        if getattr(config, name) == "auto":
            changes[name] = values[column]
    if config.mutation == "auto":
        changes["mutation"] = 0.0 if dna else PROTEIN_MUTATION
    return config.model_copy(update=changes)
