"""Lines for the FASTA parser; the lines of each sequence are joined beforehand."""

from __future__ import annotations

import numpy as np

from bioseqrnn.support.arrays import Bytes, Ints
from bioseqrnn.support.compiled import compiled


def unwrap(text: bytes) -> tuple[list[str], int]:
    r"""Return the non-empty lines of a text without their ends, and the number of line ends.

    Parameters
    ----------
    text : bytes
        Whole lines of UTF-8, ended by ``\n``; the first is a header.

    Notes
    -----
    Biopython's parser spends most of its time on lines. It strips their ends and removes blanks, so
    the lines of a sequence can be joined beforehand without changing the records. If the text has
    other white space, or non-ASCII characters, which may be white space, lines are not joined.
    """
    letters = np.frombuffer(text, np.uint8)
    ends = np.flatnonzero(letters == ord("\n"))
    headers, blank = _count_lines(letters, ends)
    # there is one more line than line ends if the last line has no end
    if len(ends) <= 2 * headers or _has_odd_space(letters):
        lines = text.decode().split("\n")
        return list(filter(None, lines)) if blank or not lines[-1] else lines, len(ends)
    out = np.empty(len(letters) + 1, np.uint8)
    size = _join_lines(letters, ends, out)
    return out[:size].tobytes().decode("ascii").split("\n"), len(ends)


@compiled
def _count_lines(text: Bytes, ends: Ints) -> tuple[int, int]:
    """Count headers and empty lines."""
    headers, blank = 1, 0
    for i in range(len(ends) - 1):
        first = text[ends[i] + 1]
        headers += first == 62
        blank += first == 10
    return headers, blank


@compiled
def _has_odd_space(text: Bytes) -> bool:
    odd = np.uint8(0)
    for i in range(text.size):
        letter = text[i]
        odd |= np.uint8(1) if ((letter < 32) & (letter != 10)) | (letter > 126) else np.uint8(0)
    return bool(odd)


@compiled
def _join_lines(text: Bytes, ends: Ints, out: Bytes) -> int:
    """Copy headers and sequences, one line each; return the number of bytes written."""
    # unsigned numbers, so that the compiled code need not check for negative indices
    one, zero = np.uint64(1), np.uint64(0)
    size, begin, in_sequence = zero, zero, False
    for i in range(len(ends) + 1):
        end = np.uint64(ends[i]) if i < len(ends) else np.uint64(len(text))
        if end > begin:
            header = text[begin] == 62
            if size and (header or not in_sequence):
                out[size] = 10
                size += one
            for j in range(end - begin):
                out[size + np.uint64(j)] = text[begin + np.uint64(j)]
            size += end - begin
            in_sequence = not header
        begin = end + one
    return int(size)
