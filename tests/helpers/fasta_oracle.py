"""What docs/fasta.md promises, in plain Python around Biopython's parser: slow, and obvious."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from Bio.SeqIO.FastaIO import SimpleFastaParser

from bioseqrnn.fasta import blocks as fasta
from bioseqrnn.fasta.blocks import WHOLE, Shard
from bioseqrnn.fasta.conversions import Conversions
from bioseqrnn.fasta.opening import COMPRESSIONS, FOREIGN
from bioseqrnn.fasta.records import read_records
from bioseqrnn.onehot.alphabet import Alphabet
from bioseqrnn.onehot.packing import Packed
from bioseqrnn.support.errors import InputError

Pairs = list[tuple[str, str]]
# Refusals that a file deserves for a line longer than a part only
TOO_LONG = (
    "a header line is longer than",
    "do not contain two neighbouring letters",
    "no '>' header in its first lines",
    # of a comment longer than a part only its beginning is seen
    "is it a comment or residues?",
)


def residues(packed: Packed, alphabet: Alphabet) -> list[str]:
    """The letters that packed bits stand for, by numpy alone: U is T, or X in a protein."""
    names = {}
    for letter, symbols in alphabet.codes.items():
        bits = tuple(int(symbol in symbols) for symbol in alphabet.symbols)
        if letter in alphabet.symbols or letter in "RYSWKMBDHVNBZJX":
            # of X and N in DNA the first
            names.setdefault(bits, letter)
    found = []
    for i, length in enumerate(packed.lengths.tolist()):
        row = np.frombuffer(packed.row(i), np.uint8)
        assert len(row) == alphabet.packed_size(length)
        bits = np.unpackbits(row)
        assert not bits[length * alphabet.width :].any()
        bits = bits[: length * alphabet.width].reshape(length, alphabet.width)
        found.append("".join(names[tuple(position)] for position in bits.tolist()))
    return found


@dataclass
class Expected:
    """What must come of a file: records and counts, or at least one reason to refuse it."""

    records: Pairs
    conversions: Conversions
    refusals: list[str]


def expect(data: bytes, alphabet: Alphabet) -> Expected:
    """Apply the documented table to the bytes of a plain file."""
    result = Expected([], Conversions(), [])
    counts = result.conversions
    if data.startswith((*COMPRESSIONS, *FOREIGN)):
        result.refusals.append("")
        return result
    data = data.removeprefix(b"\xef\xbb\xbf")
    counts.carriage_returns = data.count(b"\r")
    data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    lines = data.split(b"\n")
    kept = [line for line in lines if not line.startswith((b";", b"#", b"!"))]
    counts.comment_lines = len(lines) - len(kept)
    content = b"\n".join(kept)
    _refuse_text(result, lines, b"\n".join(kept))
    counts.white_space = len(content) - content.count(b"\n")
    while kept and not kept[0].strip(b" \t\v\f"):
        del kept[0]
    if not kept or not kept[0].startswith(b">"):
        result.refusals.append("")
        return result
    try:
        text = b"\n".join(kept).decode()
    except UnicodeDecodeError:
        # an earlier part may be refused for something else
        result.refusals.append("")
        return result
    parsed = list(SimpleFastaParser(io.StringIO(text)))
    for number, (title, sequence) in enumerate(parsed, start=1):
        counts.white_space -= len((">" + title + sequence).encode())
        name = (title.split(None, 1) or [""])[0]
        if not name:
            result.refusals.append(f"record {number} has no id")
        if re.match(r"([PF]1|[DR][LC]|N[13]|XX);", name) and sequence.endswith("*"):
            result.refusals.append("is in PIR")
        widths = [len(text) for _, text in parsed[:100]]
        aligned = len(widths) > 1 and set(widths) == {len(sequence)}
        _add(result, name, number, sequence, alphabet, aligned)
    return result


def _refuse_text(result: Expected, lines: list[bytes], content: bytes) -> None:
    """Lines that begin like a comment and are letters, and records whose blanks part no groups."""
    inside = False
    for line in lines:
        inside |= line.startswith(b">")
        if inside and re.fullmatch(rb"[#!][A-Za-z#!*.~-]*[A-Za-z][A-Za-z#!*.~-]*[ \t]*", line):
            result.refusals.append("is it a comment or residues?")
    for record in re.split(rb"^>", content, flags=re.MULTILINE)[1:]:
        size, plain = 0, False
        for line in record.split(b"\n")[1:]:
            groups = [len(group) for group in re.sub(rb"[^ -~]", b"", line).split()]
            if len(groups) > 1:
                # the first group of the first line with blanks, which may follow no other
                size = size or (0 if plain else groups[0])
            uneven = len(groups) > 1 and (set(groups[:-1]) != {size} or groups[-1] > size)
            if uneven or (size and len(groups) == 1 and groups[0] > size):
                result.refusals.append("is this text or residues?")
                break
            plain |= bool(groups)


def _add(
    result: Expected, name: str, number: int, sequence: str, alphabet: Alphabet, aligned: bool
) -> None:
    counts = result.conversions
    read = ""
    stop = alphabet.name == "protein" and "-" not in sequence
    if stop and not aligned and re.search(r"[^.]\.+[^.*]", sequence):
        result.refusals.append(f"record '{name}', position ")
        return
    # '.' at the end of a sequence without any other gap or stop
    stop = stop and re.fullmatch(r"[^.*]*\.", sequence) is not None
    end = len(sequence.rstrip("-."))
    for position, letter in enumerate(sequence, start=1):
        upper = letter.upper() if letter.isascii() else ""
        if letter == "." and stop:
            counts.stops += 1
        elif letter in "-.":
            counts.gaps += 1
        elif letter == "*" and alphabet.name == "protein" and position == end:
            counts.stops += 1
        elif upper not in alphabet.codes:
            result.refusals.append(f"record '{name}', position {position}: ")
            return
        else:
            counts.lower_case += letter != upper
            if len(alphabet.codes[upper]) > 1:
                counts.ambiguous[upper] = counts.ambiguous.get(upper, 0) + 1
            if alphabet.name == "dna":
                counts.u_as_t += upper == "U"
                read += {"U": "T", "X": "N"}.get(upper, upper)
            else:
                read += "X" if upper in "UO" else upper
    if not read:
        result.refusals.append(f"record {number} ('{name}') has no residues")
    codes = sum(letter.upper() in "RYSWKMBDHV" for letter in sequence)
    kept = sequence.upper().translate(str.maketrans("", "", "-.*"))
    nucleic = len(kept) >= 10 and set(kept) <= set("ACGTUN")
    if nucleic if alphabet.name == "protein" else 2 * codes > len(read):
        counts.strange += 1
        counts.strange_ids = [*counts.strange_ids, name][:5]
    result.records.append((name, read))


def read_all(path: Path, alphabet: Alphabet, shard: Shard = WHOLE) -> tuple[Pairs, Conversions]:
    """What the reader makes of a file."""
    pairs: Pairs = []
    counts = Conversions()
    for records in read_records(path, alphabet, shard=shard):
        assert len(records) > 0
        pairs += zip(records.ids.to_pylist(), residues(records.packed, alphabet), strict=True)
        counts.add(records.conversions)
    return pairs, counts


def check(path: Path, data: bytes, alphabet: Alphabet, shards: int) -> str:
    """Compare the reader with what is promised, on a whole file and on its shards."""
    path.write_bytes(data)
    expected = expect(data, alphabet)
    try:
        pairs, counts = read_all(path, alphabet)
    except InputError as error:
        message = str(error)
        # control characters of ids are the command line's to escape
        assert "\n" not in message
        assert message.startswith(f"{path}: ")
        too_long = any(text in message for text in TOO_LONG)
        if too_long and not expected.refusals:
            assert _longest_line(data) >= fasta.PART_BYTES
            return "too long"
        assert expected.refusals, message
        if len(expected.refusals) == 1 and not too_long:
            assert expected.refusals[0] in message, (expected.refusals, message)
        _check_shards_refuse(path, data, alphabet, shards)
        return "refused"
    assert not expected.refusals, expected.refusals
    assert pairs == expected.records
    assert counts == expected.conversions, (counts, expected.conversions)
    try:
        parts = [read_all(path, alphabet, Shard(i, shards)) for i in range(shards)]
    except InputError as error:
        # whether a line is too long is seen where a block happens to end inside of it
        if _longest_line(data) >= fasta.PART_BYTES and any(t in str(error) for t in TOO_LONG):
            return "too long"
        raise
    assert [pair for records, _ in parts for pair in records] == pairs
    total = Conversions()
    for _, part in parts:
        total.add(part)
    assert total == counts
    return "read"


def _longest_line(data: bytes) -> int:
    return max(map(len, data.replace(b"\r", b"\n").split(b"\n")))


def _check_shards_refuse(path: Path, data: bytes, alphabet: Alphabet, shards: int) -> None:
    """A file that is refused is refused by one of its shards, or has no record at all."""
    pairs: Pairs = []
    try:
        for i in range(shards):
            pairs += read_all(path, alphabet, Shard(i, shards))[0]
    except InputError:
        return
    assert not pairs
