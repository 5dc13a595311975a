"""Counts of what was left out of FASTA text or read as something else."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bioseqrnn.onehot.alphabet import Alphabet
from bioseqrnn.support.console import say

# Number of strange records that are named
NAMED = 5


@dataclass
class Conversions:
    """Counts of one block, file or dataset.

    Attributes
    ----------
    comment_lines : int
        Lines that begin with ``;``, ``#`` or ``!``.
    carriage_returns : int
        Carriage returns of Windows and old Macintosh line ends.
    white_space : int
        Blanks inside sequences and at the ends of lines.
    gaps : int
        ``-`` and ``.``, left out.
    stops : int
        ``*`` at the end of proteins, left out.
    lower_case : int
        Letters read as upper case.
    u_as_t : int
        U of RNA, read as T.
    ambiguous : dict of str to int
        Letters that stand for several residues, each with its count.
    strange : int
        Records that seem to be of the other alphabet (``strange.strange_records``).
    strange_ids : list of str
        Ids of the first of them.
    """

    comment_lines: int = 0
    carriage_returns: int = 0
    white_space: int = 0
    gaps: int = 0
    stops: int = 0
    lower_case: int = 0
    u_as_t: int = 0
    ambiguous: dict[str, int] = field(default_factory=dict)
    strange: int = 0
    strange_ids: list[str] = field(default_factory=list)

    def add(self, other: Conversions) -> None:
        """Add the counts of another block or file."""
        for name in COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for letter, count in other.ambiguous.items():
            self.ambiguous[letter] = self.ambiguous.get(letter, 0) + count
        self.strange += other.strange
        self.strange_ids = (self.strange_ids + other.strange_ids)[:NAMED]

    def note_strange(self, ids: pa.StringArray, found: npt.NDArray[np.bool_]) -> None:
        """Count the records that seem to be of the other alphabet, and keep the first ids."""
        places = np.flatnonzero(found)
        self.strange += len(places)
        wanted = places[: max(0, NAMED - len(self.strange_ids))]
        self.strange_ids += [ids[int(place)].as_py() for place in wanted]

    def count_letters(self, text: bytes, alphabet: Alphabet) -> None:
        """Count the unusual letters of accepted residues."""
        counts = np.bincount(np.frombuffer(text, np.uint8), minlength=256)
        self.lower_case += int(counts[ord("a") : ord("z") + 1].sum())
        both = {letter: int(counts[ord(letter)] + counts[ord(letter.lower())])
                for letter in alphabet.letters}  # fmt: skip
        if alphabet.name == "dna":
            self.u_as_t += both["U"]
        for letter in alphabet.ambiguous:
            if both[letter]:
                self.ambiguous[letter] = self.ambiguous.get(letter, 0) + both[letter]


COUNTS = tuple(
    entry.name
    for entry in fields(Conversions)
    if entry.name not in ("ambiguous", "strange", "strange_ids")
)


def say_conversions(total: Conversions, where: str, alphabet: Alphabet, more: str = "") -> None:
    """Report in one line what was left out or read as something else, if anything.

    A warning names records that seem to be of the other alphabet.

    Parameters
    ----------
    total : Conversions
    where : str
        Name of what was read.
    alphabet : Alphabet
        Alphabet with which it was read.
    more : str
        Further text about the counts.
    """
    counts = {name.replace("_", " "): getattr(total, name) for name in COUNTS}
    counts["ambiguous residues"] = sum(total.ambiguous.values())
    found = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)
    if found:
        say(f"{where}: converted or left out: {found}{more}")
    if not total.strange:
        return
    names = ", ".join(f"'{name}'" for name in total.strange_ids)
    names += " …" if total.strange > len(total.strange_ids) else ""
    one = total.strange == 1
    records = f"{total.strange:,} record{'' if one else 's'} of at least 10 letters"
    if alphabet.name == "protein":
        say(
            f"warning: {where}: {records} consist{'s' if one else ''} only of A C G T U N, like "
            f"DNA, but {'is' if one else 'are'} read as protein: {names}"
        )
        return
    records = f"{total.strange:,} record{'' if one else 's'}"
    say(
        f"warning: {where}: {records} {'is' if one else 'are'} read as DNA, although most letters "
        f"are ambiguity codes, as in a peptide: {names}"
    )
