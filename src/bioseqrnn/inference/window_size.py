"""The length of the windows in which a model for records reads a genome."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bioseqrnn.support.console import say
from bioseqrnn.support.errors import InputError


def window_size(path: Path, card: Mapping[str, Any], given: int | None) -> int:
    """Return the bases of a window: as given, or the length of the model's records.

    Raises
    ------
    InputError
        The records had different lengths, or the card does not say which.
    """
    lengths = card.get("trained_lengths")
    if given is not None:
        if lengths is not None and not lengths[0] <= given <= lengths[1]:
            say(
                f"warning: --window {given:,} is outside the lengths of the records that the model "
                f"was trained on ({lengths[0]:,} to {lengths[1]:,} bases)"
            )
        return given
    if lengths is None or lengths[0] != lengths[1]:
        known = "its card does not say which length the records had that it was trained on"
        if lengths is not None:
            known = f"it was trained on records of {lengths[0]:,} to {lengths[1]:,} bases"
        raise InputError(f"model {path}: {known}; choose the length of the windows by --window")
    return int(lengths[0])
