"""The line and record of a fault in a FASTA file, found by reading the file again."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path

from bioseqrnn.fasta.conversions import Conversions
from bioseqrnn.fasta.opening import open_bytes
from bioseqrnn.support.errors import InputError

COMMENT_MARKS = (b";", b"#", b"!")
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
READ_BYTES = 1 << 17
# Number of bytes that are kept of a long line
LINE_BYTES = 10_000


def unix_lines(data: bytes, last: bool, conversions: Conversions) -> tuple[bytes, bytes]:
    r"""Return data with line ends as ``\n``, and a final ``\r`` held back: ``\n`` may follow."""
    held = b""
    if data.endswith(b"\r") and not last:
        data, held = data[:-1], b"\r"
    if b"\r" in data:
        conversions.carriage_returns += data.count(b"\r")
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return data, held


def no_header(path: Path, comments: bool, size: int) -> InputError:
    """Return the error for a file that does not begin with a record; ``size`` bytes are read."""
    with open_bytes(path) as reader:
        start = reader.read(size).removeprefix(BYTE_ORDER_MARK)
    for number, line in enumerate(start.splitlines(), start=1):
        comment = line.startswith(COMMENT_MARKS)
        if not line.strip() or (comment and comments):
            continue
        found = f"{path}: line {number} is '{shown(line)}'"
        if comment:
            return InputError(
                f"{found}: comments are not allowed if records have three lines (header, residues, "
                "labels); remove it"
            )
        return InputError(f"{found}, not a '>' header at the start of a line; is it FASTA?")
    return InputError(f"{path}: no '>' header in its first lines; is it FASTA?")


def shown(line: bytes) -> str:
    """Return the beginning of a line, as a message shows it."""
    return line[:30].decode("utf-8", "replace").rstrip()


def non_utf8(path: Path) -> InputError:
    """Return the error for the first byte outside comments that is not UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    # number, length so far and first bytes of the line
    number, column, line = 1, 0, b""
    header = held = b""
    with open_bytes(path) as reader:
        last = False
        while not last:
            data = reader.read(READ_BYTES)
            last = not data
            data, held = unix_lines(held + data, last, Conversions())
            for place, piece in enumerate(data.split(b"\n")):
                waiting = len(decoder.getstate()[0])
                try:
                    if place or last:
                        decoder.decode(b"", final=True)
                    if place:
                        number, column, line, waiting = number + 1, 0, b"", 0
                    line += piece[: max(0, LINE_BYTES - len(line))]
                    if line.removeprefix(BYTE_ORDER_MARK).startswith(b">"):
                        header = line.removeprefix(BYTE_ORDER_MARK)
                    if line.startswith(COMMENT_MARKS):
                        continue
                    decoder.decode(piece)
                    column += len(piece)
                except UnicodeDecodeError as error:
                    name = record_id(header)
                    return InputError(
                        f"{path}: line {number}, byte {column - waiting + error.start + 1} "
                        f"(record '{name}'): not UTF-8 text; save the file as UTF-8 or plain "
                        "ASCII"
                    )
    return InputError(f"{path}: not UTF-8 text; save the file as UTF-8 or plain ASCII")


def find_line(path: Path, wanted: bytes, header: bytes | None = None) -> tuple[int, str]:
    """Return the number of a line inside a record, from 1, and the record's id.

    Parameters
    ----------
    wanted : bytes
        The line without its end.
    header : bytes, optional
        The header line of its record; None for any record.
    """
    found = b""
    for number, line in _numbered_lines(path):
        if line.startswith(b">"):
            found = line
        elif found and line == wanted[:LINE_BYTES] and header in (None, found):
            return number, record_id(found)
    return 0, record_id(header or b"")


def record_id(header: bytes) -> str:
    """Return the first word of a header line."""
    return (header[1:].split() or [b""])[0].decode("utf-8", "replace")


def _numbered_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    number, line, held = 1, b"", b""
    with open_bytes(path) as reader:
        last = False
        while not last:
            data = reader.read(READ_BYTES)
            last = not data
            data, held = unix_lines(held + data, last, Conversions())
            for place, piece in enumerate(data.split(b"\n")):
                if place:
                    yield number, line
                    number, line = number + 1, b""
                line += piece[: LINE_BYTES - len(line)]
                if number == 1:
                    line = line.removeprefix(BYTE_ORDER_MARK)
        yield number, line
