"""``sequences.parquet``, read back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from bioseqrnn.errors import InputError
from bioseqrnn.io import read_parquet
from bioseqrnn.sequences.alphabet import ALPHABETS, Alphabet
from bioseqrnn.sequences.encode import FORMAT
from bioseqrnn.sequences.packing import Floats, Ints, Packed, unpack


@dataclass(frozen=True)
class SequenceTable:
    """The records of one dataset; sequences stay packed in memory (0.5 or 2.5 bytes a residue).

    Attributes
    ----------
    ids : list of str [n]
    packed : Packed
    targets : int64 [n]
        Index of each record's class in ``classes``.
    classes : list of str
        In a binary task the second one is the positive class.
    alphabet : Alphabet
    groups : list of (str or None) [n], or None
        Where the user gave groups.
    metadata : dict
        As in the file: format, alphabet, symbols, strands, task, classes, records, sources.
    """

    ids: list[str]
    packed: Packed
    targets: Ints
    classes: list[str]
    alphabet: Alphabet
    groups: list[str | None] | None
    metadata: dict[str, Any]

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def lengths(self) -> Ints:
        """Residues per record, int64 [n]."""
        return self.packed.lengths

    def dense(self, indices: Ints) -> tuple[Floats, Ints]:
        """Return the one-hot batch of some records.

        Parameters
        ----------
        indices : int64 [batch]

        Returns
        -------
        onehot : float32 [batch, longest, symbols]
            Rows sum to 1, and to 0 past a sequence's end.
        lengths : int64 [batch]
        """
        return unpack(self.packed, indices, self.alphabet)


def read_sequences(path: Path) -> SequenceTable:
    """Read ``sequences.parquet``; InputError where it is missing, damaged or of another format."""
    table, metadata = read_parquet(path, "sequence table")
    if metadata.get("format") != FORMAT or "onehot" not in table.column_names:
        raise InputError(f"{path}: not a sequence table of format {FORMAT}; encode it again")
    onehot = pa.concat_arrays(
        [chunk.cast(pa.large_binary()) for chunk in table.column("onehot").chunks]
    )
    _, offsets, data = onehot.buffers()
    starts = np.frombuffer(offsets, np.int64)[onehot.offset : onehot.offset + len(onehot) + 1]
    payload = np.frombuffer(data, np.uint8)[starts[0] : starts[-1]]
    packed = Packed(payload, starts - starts[0], table.column("length").to_numpy())
    classes = list(metadata["classes"])
    code_of = {label: code for code, label in enumerate(classes)}
    targets = np.array([code_of[label] for label in table.column("label").to_pylist()], np.int64)
    return SequenceTable(
        ids=table.column("id").to_pylist(),
        packed=packed,
        targets=targets,
        classes=classes,
        alphabet=ALPHABETS[metadata["alphabet"]],
        groups=table.column("group").to_pylist() if "group" in table.column_names else None,
        metadata=metadata,
    )
