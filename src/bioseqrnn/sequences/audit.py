"""What was found in each FASTA source, counted while it is encoded."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt
import pandas as pd

from bioseqrnn.sequences.alphabet import Alphabet
from bioseqrnn.sequences.packing import Packed

DIGEST_BYTES = 16


def digest(row: bytes, length: int) -> bytes:
    """Return 16 bytes that stand for a packed sequence: equal sequences, equal digests."""
    return hashlib.blake2b(
        row, digest_size=DIGEST_BYTES, salt=length.to_bytes(8, "little")
    ).digest()


class Audit:
    """Counts of one source."""

    def __init__(self, name: str, label: str) -> None:
        self.name, self.label = name, label
        self.labels: set[str] = set()
        self._lengths: list[npt.NDArray[np.int64]] = []
        self._digests: list[bytes] = []
        self._record_labels: list[str] = []
        self._letters: npt.NDArray[np.int64] | None = None

    def add(self, packed: Packed, letter_counts: list[int], labels: list[str]) -> None:
        """Count one block of records."""
        self.labels.update(labels)
        self._lengths.append(packed.lengths)
        self._record_labels += labels
        self._digests += [digest(packed.row(i), int(packed.lengths[i])) for i in range(len(packed))]
        counts = np.array(letter_counts)
        self._letters = counts if self._letters is None else self._letters + counts

    @staticmethod
    def table(audits: list[Audit], alphabet: Alphabet) -> pd.DataFrame:
        """Return one row a source.

        ``duplicates``: records whose sequence stood before, in this or an earlier source.
        ``label_conflicts``: records whose sequence also stands under another label.
        ``ambiguity_codes``: each ambiguity letter with its count, ``N=3;R=1``.
        """
        first_seen: set[bytes] = set()
        labels_of: dict[bytes, set[str]] = {}
        for audit in audits:
            for key, label in zip(audit._digests, audit._record_labels, strict=True):
                labels_of.setdefault(key, set()).add(label)
        rows = []
        for audit in audits:
            lengths = np.concatenate(audit._lengths)
            duplicates = 0
            for key in audit._digests:
                duplicates += key in first_seen
                first_seen.add(key)
            assert audit._letters is not None
            ambiguous = {
                letter: int(audit._letters[number])
                for number, letter in enumerate(alphabet.letters, start=1)
                if not alphabet.unambiguous[number] and audit._letters[number]
            }
            rows.append(
                {
                    "source": audit.name,
                    "label": audit.label or ",".join(sorted(audit.labels)),
                    "records": len(lengths),
                    "residues": int(lengths.sum()),
                    "min_length": int(lengths.min()),
                    "median_length": float(np.median(lengths)),
                    "max_length": int(lengths.max()),
                    "duplicates": duplicates,
                    "label_conflicts": sum(len(labels_of[key]) > 1 for key in audit._digests),
                    "ambiguous_residues": sum(ambiguous.values()),
                    "ambiguity_codes": ";".join(f"{k}={v}" for k, v in ambiguous.items()),
                }
            )
        return pd.DataFrame(rows)
