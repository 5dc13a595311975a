"""Residues of FASTA records, packed; gaps and the stop at the end of a protein are left out."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from bioseqrnn.fasta.conversions import Conversions
from bioseqrnn.fasta.dots import Dots
from bioseqrnn.fasta.refusals import bad_letter
from bioseqrnn.fasta.strange import strange_records
from bioseqrnn.onehot.alphabet import GAPS, Alphabet
from bioseqrnn.onehot.packing import Packed, pack_lines


def pack_text(
    path: Path,
    ids: pa.StringArray,
    sequences: tuple[str, ...],
    alphabet: Alphabet,
    conversions: Conversions,
    dots: Dots,
    text: bytes | None = None,
) -> Packed:
    """Pack the sequences of some records, and count what is converted.

    Parameters
    ----------
    text : bytes, optional
        The sequences in UTF-8, each on one line.

    Raises
    ------
    RecordError
        A letter is not in the alphabet.
    """
    if text is None:
        # what cannot be encoded becomes '?', which is no letter
        text = ("\n".join(sequences) + "\n").encode("utf-8", "replace")
    result = pack_lines(text, len(sequences), alphabet)
    if result is None:
        if alphabet.name == "protein" and b"." in text:
            stops = dots.count_stops(ids.to_pylist(), sequences)
            conversions.stops += stops
            conversions.gaps -= stops
        text = _without_gaps(text, alphabet, conversions)
        result = pack_lines(text, len(sequences), alphabet)
    if result is None:
        raise bad_letter(path, ids.to_pylist(), sequences, alphabet)
    packed, unusual = result
    if unusual:
        conversions.count_letters(text, alphabet)
    if alphabet.name == "protein" or conversions.ambiguous:
        conversions.note_strange(ids, strange_records(text, len(sequences), alphabet))
    return packed


def _without_gaps(text: bytes, alphabet: Alphabet, conversions: Conversions) -> bytes:
    """Remove gaps, and the stop at the end of a protein."""
    kept = text.translate(None, GAPS.encode())
    conversions.gaps += len(text) - len(kept)
    if alphabet.name == "protein":
        conversions.stops += kept.count(b"*\n")
        kept = kept.replace(b"*\n", b"\n")
    return kept
