"""Sequences with lengths outside the range that a model was trained on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from bioseqrnn.support.arrays import Ints
from bioseqrnn.support.console import say

# number of sequences that are named; the others are only counted
NAMED = 3


class TrainedLengths:
    """Counts sequences that are shorter or longer than all those that the model was trained on.

    Parameters
    ----------
    card : dict
        Card of the model. Nothing is counted if it does not contain the lengths, as for models of
        an earlier version or from Keras.
    """

    def __init__(self, card: Mapping[str, Any]) -> None:
        self._range: tuple[int, int] | None = None
        if card.get("trained_lengths") is not None:
            shortest, longest = card["trained_lengths"]
            self._range = int(shortest), int(longest)
        self._counts = {"shorter": 0, "longer": 0}
        self._named: dict[str, list[str]] = {"shorter": [], "longer": []}

    def add(self, ids: pa.Array, lengths: Ints) -> None:
        """Check the lengths of some records: int64 [n], in residues."""
        if self._range is None:
            return
        for side, outside in (
            ("shorter", lengths < self._range[0]),
            ("longer", lengths > self._range[1]),
        ):
            places = np.flatnonzero(outside)
            self._counts[side] += len(places)
            free = NAMED - len(self._named[side])
            self._named[side] += [f"'{ids[i]}' ({lengths[i]:,})" for i in places[:free].tolist()]

    def warn(self, name: str) -> None:
        """Log how many records were shorter, and how many longer, with the first few names."""
        if self._range is None:
            return
        shortest, longest = self._range
        trained = f"{shortest:,}" if shortest == longest else f"{shortest:,} to {longest:,}"
        for side, count in self._counts.items():
            if not count:
                continue
            more = f" and {count - NAMED:,} more" if count > NAMED else ""
            records = "1 record is" if count == 1 else f"{count:,} records are"
            say(
                f"warning: {name}: {records} {side} than all records that the model was "
                f"trained on ({trained} residues): {', '.join(self._named[side])}{more}; its calls "
                "for such records were never tested"
            )
