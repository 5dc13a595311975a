"""The records of a FASTA file that are inspected, and the names of their files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np

from bioseqrnn.fasta.choose_alphabet import warn_of_dna
from bioseqrnn.fasta.records import read_records
from bioseqrnn.onehot.alphabet import ALPHABETS, Alphabet
from bioseqrnn.onehot.decoding import codes
from bioseqrnn.onehot.packing import Packed, unpack
from bioseqrnn.support.arrays import Floats
from bioseqrnn.support.console import say
from bioseqrnn.support.errors import InputError

# records that are inspected if none is chosen
FIRST = 10
# longest name of a file, without its ending
LONGEST_NAME = 80


@dataclass(frozen=True)
class Record:
    """A record.

    Attributes
    ----------
    name : str
        Its id.
    x : float32 [residues, symbols]
        One-hot rows; those of ambiguous residues sum to 1.
    text : str
        Its residues as letters.
    file : str
        Name of its files, without ending.
    """

    name: str
    x: Floats
    text: str
    file: str

    def __len__(self) -> int:
        return len(self.x)


def chosen_records(
    fasta: Path, card: Mapping[str, Any], wanted: Sequence[str], longest: int
) -> list[Record]:
    """Read the records with the wanted ids, or the first 10 of the file.

    Parameters
    ----------
    fasta : Path
    card : mapping
        Card of the model, with its alphabet, and what the id of a record is.
    wanted : sequence of str
        Ids; all records that have one of them are returned, in the order of the file.
    longest : int
        Most residues of a record.

    Raises
    ------
    InputError
        The file has no record with one of the ids, or the record has more residues; also as in
        ``read_records``.
    """
    alphabet = ALPHABETS[card["alphabet"]]
    warn_of_dna(fasta, alphabet)
    every = _read(fasta, alphabet, whole_headers=card.get("ids") == "header")
    first = next(every)
    every = chain([first], every)
    if wanted:
        found = [one for one in every if one[0] in wanted]
    else:
        found = list(islice(every, FIRST))
        if next(every, None) is not None:
            say(f"{fasta.name}: the first {FIRST} records; choose others with --record")
    missing = [name for name in wanted if all(name != one[0] for one in found)]
    if missing:
        raise InputError(
            f"{fasta}: has no record '{missing[0]}'; give an id as in the file, like '{first[0]}'"
        )
    records = []
    for (name, packed), file in zip(found, file_names([one[0] for one in found]), strict=True):
        length = int(packed.lengths[0])
        if length > longest:
            raise InputError(
                f"{fasta}: record '{name}' has {length:,} residues, more than --longest "
                f"({longest:,}); choose other records with --record, or raise --longest"
            )
        x = unpack(packed, np.zeros(1, np.int64), alphabet)[0][0]
        records.append(Record(name, x, codes(x, alphabet), file))
    return records


def _read(fasta: Path, alphabet: Alphabet, *, whole_headers: bool) -> Iterator[tuple[str, Packed]]:
    """Yield id and sequence of each record."""
    for block in read_records(fasta, alphabet, whole_headers=whole_headers):
        for i, name in enumerate(block.ids.to_pylist()):
            yield name, block.packed.slice(i, i + 1)


def counted(records: Sequence[Record]) -> str:
    """Return the number of records in words."""
    return "1 record" if len(records) == 1 else f"{len(records):,} records"


def file_names(ids: Sequence[str]) -> list[str]:
    """Return a name of a file for each id: letters, digits, ``.``, ``_`` and ``-``.

    No two are equal, also where capital letters do not count; none begins with a dot or a dash.
    """
    taken: set[str] = set()
    found = []
    for name in ids:
        plain = re.sub(r"[^A-Za-z0-9._-]+", "_", name).lstrip(".-")[:LONGEST_NAME] or "record"
        versions = (plain if n == 1 else f"{plain}-{n}" for n in range(1, len(ids) + 1))
        own = next(version for version in versions if version.lower() not in taken)
        taken.add(own.lower())
        found.append(own)
    return found
