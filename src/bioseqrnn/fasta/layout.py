"""Positions of each record's bases in a FASTA file whose layout allows random access."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bioseqrnn.fasta.blocks import PART_BYTES
from bioseqrnn.fasta.opening import open_bytes
from bioseqrnn.onehot.alphabet import DNA, GAPS, REFUSED
from bioseqrnn.support.arrays import Bytes, Ints
from bioseqrnn.support.compiled import compiled

CHUNK_BYTES = 1 << 20
# Kinds of bytes; no other byte can be in a line of bases
BASE, GAP, END, RETURN, MARK = 1, 2, 3, 4, 5
# Indices in the state of the scan, which is kept from one chunk to the next
LINE, POSITION, RECORDS, HEADER, START, BASES, WIDTH, LENGTH, CURRENT, SHORT, FILLED = range(11)
# Kinds of the current line
NEW, TITLE, SEQUENCE, RETURNED, TITLE_RETURNED = range(5)


@dataclass(frozen=True)
class Layout:
    """The columns of a samtools index (``.fai``).

    Attributes
    ----------
    names : list of str
        First words of the headers.
    places : int64 [n, 4]
        Number of bases, byte offset of the first base, bases per line, bytes per line.
    """

    names: list[str]
    places: Ints


def scan_layout(path: Path) -> Layout | None:
    """Read a whole FASTA file and return the positions of its bases, None if it is not regular.

    A regular file is one that an index can describe and the parser reads without a conversion of
    lines: plain headers, and lines of DNA letters and gaps that are equally long in a record,
    except for the last. All else (blanks, comments, other line ends, letters that are not DNA) is
    left to the parser, which reads or refuses it.
    """
    kinds = np.zeros(256, np.uint8)
    kinds[DNA.numbers < REFUSED] = BASE
    kinds[list(GAPS.encode())] = GAP
    kinds[[ord("\n"), ord("\r"), ord(">")]] = END, RETURN, MARK
    state = np.zeros(11, np.int64)
    headers, found = [], []
    with open_bytes(path) as reader:
        while True:
            data = reader.read(CHUNK_BYTES)
            last = not data
            # at the end of the file, one more line end does no harm
            text = np.frombuffer(data or b"\n", np.uint8)
            titles = np.empty(len(text) + 1, np.uint8)
            places = np.empty((data.count(b">") + 2, 4), np.int64)
            size, count = _scan(text, kinds, state, titles, places)
            if size < 0:
                return None
            headers.append(titles[:size].tobytes())
            found.append(places[:count])
            if last:
                break
        reader.check_unchanged()
    if not state[RECORDS] or not state[FILLED]:
        return None
    found.append(state[[LENGTH, START, BASES, WIDTH]][None])
    names = [(title.split(None, 1) or [""])[0] for title in b"".join(headers).decode().split("\n")]
    del names[-1]
    return Layout(names, np.concatenate(found)) if all(names) else None


@compiled
def _scan(text: Bytes, kinds: Bytes, state: Ints, titles: Bytes, places: Ints) -> tuple[int, int]:
    """Scan another chunk; return title bytes and number of finished records, -1 if irregular.

    Only blank lines and the next header may follow the first short line of a record.
    """
    size, count = 0, 0
    line, bases, width, length = state[LINE], state[BASES], state[WIDTH], state[LENGTH]
    current, short, filled = state[CURRENT], state[SHORT], state[FILLED]
    for i in range(text.size):
        letter = text[i]
        kind = kinds[letter]
        if line in (TITLE, TITLE_RETURNED):
            if kind == END:
                titles[size] = 10
                size += 1
                state[START] = state[POSITION] + i + 1
                line, bases, width, length, current, short, filled = NEW, 0, 0, 0, 0, 0, 0
            elif line == TITLE_RETURNED or letter > 126 or i + state[HEADER] > PART_BYTES:
                return -1, 0
            elif kind == RETURN:
                line = TITLE_RETURNED
            elif letter < 32 and letter != 9:
                return -1, 0
            else:
                titles[size] = letter
                size += 1
        elif kind in (BASE, GAP):
            if line == RETURNED or state[RECORDS] == 0 or short:
                return -1, 0
            line = SEQUENCE
            current += 1
            filled |= kind == BASE
        elif kind == END:
            if state[RECORDS] == 0:
                return -1, 0
            own = current + 1 + (line == RETURNED)
            if bases == 0:
                bases, width = current, own
                short = current == 0
            elif current != bases or own != width:
                if current > bases:
                    return -1, 0
                short = 1
            length += current
            line, current = NEW, 0
        elif kind == RETURN and line != RETURNED:
            line = RETURNED
        elif kind == MARK and line == NEW:
            if state[RECORDS]:
                if filled == 0:
                    return -1, 0
                places[count, 0], places[count, 1] = length, state[START]
                places[count, 2], places[count, 3] = bases, width
                count += 1
            state[RECORDS] += 1
            state[HEADER] = -i
            line = TITLE
        else:
            return -1, 0
    state[LINE], state[BASES], state[WIDTH], state[LENGTH] = line, bases, width, length
    state[CURRENT], state[SHORT], state[FILLED] = current, short, filled
    state[POSITION] += text.size
    state[HEADER] += text.size
    return size, count
