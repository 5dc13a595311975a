"""What was found in each FASTA source, counted while it is encoded."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from bioseqrnn.sequences.alphabet import Alphabet
from bioseqrnn.sequences.packing import Ints, Packed
from bioseqrnn.sequences.twins import DIGEST_BYTES, sequence_digests

Digests = npt.NDArray[np.void]


class Audit:
    """Counts of one source; keeps 24 bytes a record, to find twins at the end.

    Parameters
    ----------
    name, label : str
        As they shall stand in the table; an empty label is replaced by the classes found.
    classes : list of str
        Every class that a record can have.
    both_strands : bool
        Whether a reverse complement is a duplicate.
    """

    def __init__(self, name: str, label: str, classes: list[str], both_strands: bool) -> None:
        self.name, self.label, self._both_strands = name, label, both_strands
        self._classes = classes
        self._code_of = {label: code for code, label in enumerate(classes)}
        self._lengths: list[Ints] = []
        self._digests: list[Digests] = []
        self._codes: list[npt.NDArray[np.int32]] = []
        self._letters: Ints | None = None

    def add(self, packed: Packed, letter_counts: Ints, labels: list[str]) -> None:
        """Count one block of records."""
        self._lengths.append(packed.lengths)
        self._codes.append(np.array([self._code_of[label] for label in labels], np.int32))
        digests = sequence_digests(packed, self._both_strands)
        self._digests.append(np.frombuffer(b"".join(digests), f"V{DIGEST_BYTES}"))
        self._letters = letter_counts if self._letters is None else self._letters + letter_counts

    @property
    def labels(self) -> list[str]:
        """Classes found so far, sorted."""
        return sorted(self._classes[code] for code in np.unique(np.concatenate(self._codes)))

    @staticmethod
    def table(audits: list[Audit], alphabet: Alphabet) -> pd.DataFrame:
        """Return one row a source.

        ``duplicates``: records whose sequence stood before, in this or an earlier source.
        ``label_conflicts``: records whose sequence also stands under another label.
        ``ambiguity_codes``: each ambiguity letter with its count, ``N=3;R=1``.
        """
        repeated, conflicting = _twins(
            np.concatenate([part for audit in audits for part in audit._digests]),
            np.concatenate([part for audit in audits for part in audit._codes]),
        )
        rows, start = [], 0
        for audit in audits:
            lengths = np.concatenate(audit._lengths)
            end = start + len(lengths)
            ambiguous = audit._ambiguous(alphabet)
            rows.append(
                {
                    "source": audit.name,
                    "label": audit.label or ",".join(audit.labels),
                    "records": len(lengths),
                    "residues": int(lengths.sum()),
                    "min_length": int(lengths.min()),
                    "median_length": float(np.median(lengths)),
                    "max_length": int(lengths.max()),
                    "duplicates": int(repeated[start:end].sum()),
                    "label_conflicts": int(conflicting[start:end].sum()),
                    "ambiguous_residues": sum(ambiguous.values()),
                    "ambiguity_codes": ";".join(f"{k}={v}" for k, v in ambiguous.items()),
                }
            )
            start = end
        return pd.DataFrame(rows)

    def _ambiguous(self, alphabet: Alphabet) -> dict[str, int]:
        """Count each ambiguity code that occurs."""
        assert self._letters is not None
        return {
            letter: int(self._letters[number])
            for number, letter in enumerate(alphabet.letters, start=1)
            if not alphabet.unambiguous[number] and self._letters[number]
        }


def _twins(
    digests: Digests, codes: npt.NDArray[np.int32]
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Say of each record whether its sequence stood before, and whether under another class."""
    _, first, kind = np.unique(digests, return_index=True, return_inverse=True)
    lowest = np.full(len(first), np.iinfo(np.int32).max, np.int32)
    highest = np.full(len(first), -1, np.int32)
    np.minimum.at(lowest, kind, codes)
    np.maximum.at(highest, kind, codes)
    return first[kind] != np.arange(len(digests)), (lowest != highest)[kind]
