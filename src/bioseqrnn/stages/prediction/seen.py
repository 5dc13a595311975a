"""Query sequences that the model was trained on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bioseqrnn.fasta.pieces import cut_packed
from bioseqrnn.onehot.packing import Packed
from bioseqrnn.onehot.twins import Digests, sequence_digests
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.sequences import SequenceFile, open_sequences


def trained_on(path: Path, card: Mapping[str, Any]) -> SequenceFile:
    """Open ``sequences.parquet``; InputError if a model with this card was not trained on it."""
    table = open_sequences(path)
    for key in ("alphabet", "sources"):
        if key in card and card[key] != table.metadata[key]:
            raise InputError(
                f"{path}: the model was not trained on this table ({key} differ); give the table "
                "that it was trained on"
            )
    return table


class SeenSequences:
    """Digests of a table's sequences: 16 bytes per record, the same for both strands of DNA.

    Parameters
    ----------
    path : Path
        ``sequences.parquet``.
    card : dict
        Card of the model that was trained on it.

    Raises
    ------
    InputError
        The table was made from other files than those used to train the model.
    """

    def __init__(self, path: Path, card: Mapping[str, Any]) -> None:
        table = trained_on(path, card)
        # the table stores long records as blocks
        self._block: int | None = table.metadata.get("block")
        self._width = table.alphabet.width
        self._both_strands = table.alphabet.name == "dna"
        parts = [self._digests(packed) for packed in table.packed()]
        keys = np.concatenate([*parts, np.empty((0, 2), np.uint64)])
        self._keys = keys[np.argsort(keys[:, 0], kind="stable")]

    def contain(self, packed: Packed) -> npt.NDArray[np.bool_]:
        """Whether the table contains each sequence, or any of its blocks: bool [n]."""
        if self._block is not None and (packed.lengths > self._block).any():
            blocks, ends = cut_packed(packed, self._width, self._block)
            begins = np.cumsum([0, *(len(own) for own in ends)])[:-1]
            return np.logical_or.reduceat(self._contain(blocks), begins)
        return self._contain(packed)

    def _contain(self, packed: Packed) -> npt.NDArray[np.bool_]:
        keys = self._digests(packed)
        first = np.searchsorted(self._keys[:, 0], keys[:, 0], side="left")
        last = np.searchsorted(self._keys[:, 0], keys[:, 0], side="right")
        found = np.zeros(len(keys), bool)
        for i in np.flatnonzero(last > first):
            found[i] = (self._keys[first[i] : last[i], 1] == keys[i, 1]).any()
        return found

    def _digests(self, packed: Packed) -> Digests:
        return sequence_digests(packed, self._both_strands)
