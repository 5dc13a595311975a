"""Error messages for records that cannot be read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bioseqrnn.fasta.locate import record_id
from bioseqrnn.onehot.alphabet import GAPS, PROTEIN, Alphabet
from bioseqrnn.support.errors import InputError

NO_ID, NO_RESIDUES = "no id", "no residues"

# From this length on, a last word of a header in capitals may be the sequence
WORD_LETTERS = 8


class RecordError(InputError):
    """One record of a file that cannot be read; the others can.

    Attributes
    ----------
    reason : str
        What is wrong with the record, without its file and name.
    """

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


def no_residues(path: Path, number: int, title: str, name: str | None = None) -> RecordError:
    """Return the error for record ``number`` of the file, which has no sequence."""
    words = title.split()
    last = words[-1] if len(words) > 1 else ""
    hint = "remove it or give it a sequence"
    if len(last) >= WORD_LETTERS and last.isalpha() and last.isupper():
        hint = f"are header and sequence ('{last[:20]} …') on one line?"
    if name is None:
        name = record_id(b">" + title.encode())
    return RecordError(f"{path}: record {number} ('{name}') has no residues; {hint}", NO_RESIDUES)


def no_id(path: Path, number: int) -> RecordError:
    """Return the error for record ``number`` of the file, whose header is empty."""
    return RecordError(f"{path}: record {number} has no id after '>'; give it one", NO_ID)


def accepted(alphabet: Alphabet) -> set[str]:
    """Return the characters that are accepted anywhere in a sequence."""
    return set(alphabet.letters) | set(alphabet.letters.lower()) | set(GAPS)


def bad_letter(
    path: Path, names: Sequence[str], sequences: Sequence[str], alphabet: Alphabet
) -> RecordError:
    """Return the error for the first letter in some records that cannot be read."""
    known = accepted(alphabet)
    for name, sequence in zip(names, sequences, strict=True):
        residues = len(sequence.rstrip(GAPS))
        for position, letter in enumerate(sequence, start=1):
            final_stop = letter == "*" and alphabet.name == "protein" and position == residues
            if letter not in known and not final_stop:
                return refusal(path, name, position, letter, alphabet)
    raise AssertionError("every letter is accepted")


def refusal(path: Path, name: str, position: int, letter: str, alphabet: Alphabet) -> RecordError:
    """Return the error for a letter that is not a residue; positions are from 1, with gaps."""
    shown = letter if letter.isprintable() else ascii(letter)[1:-1]
    reason = (
        f"position {position}: '{shown}' is not a {alphabet.name.replace('dna', 'DNA')} letter"
        f"{_hint(letter, alphabet)}"
    )
    return RecordError(f"{path}: record '{name}', {reason}; accepted: {alphabet.letters}", reason)


def _hint(letter: str, alphabet: Alphabet) -> str:
    if letter == "*":
        return " (a stop is accepted only at the end of a protein)"
    if letter == ">":
        return " (a header inside a line: is a line end missing?)"
    if letter in "~_?":
        return " (a gap? write '-'; an unknown residue? write X, or N in DNA)"
    if letter.isdecimal():
        return " (line numbers or text? keep only the letters)"
    if alphabet.name == "dna" and letter.upper() in PROTEIN.codes:
        return " (a protein in a DNA dataset?)"
    return ""


def inner_dot(path: Path, name: str, position: int) -> RecordError:
    """Return the error for '.' between residues of a protein that is not aligned."""
    reason = (
        f"position {position}: '.' between residues is a gap in some files and a stop in others "
        "(gffread without -S)"
    )
    return RecordError(
        f"{path}: record '{name}', {reason}; remove the record if it is a stop, write '-' if it is "
        "a gap",
        reason,
    )
