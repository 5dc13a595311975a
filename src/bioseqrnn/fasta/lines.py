"""Lines of FASTA text that is read in parts: comments, blank lines, cuts inside long lines."""

from __future__ import annotations

import re
from pathlib import Path

from bioseqrnn.fasta.conversions import Conversions
from bioseqrnn.fasta.locate import COMMENT_MARKS, no_header
from bioseqrnn.fasta.prose import check_marked_lines
from bioseqrnn.support.errors import InputError

COMMENT = re.compile(rb"^[;#!][^\n]*\n?", re.MULTILINE)
BLANK_LINES = re.compile(rb"(?:[ \t\v\f]*\n)*")
# Text up to a letter after which a line can be cut: the next character is not '>'
LAST_LETTERS = re.compile(rb"(?s).*[!-~] *(?=[!-=?-~])")
# Kind of the line in which a text ends; a new line if the text ends at the end of a line
NEW_LINE, SEQUENCE_LINE, COMMENT_LINE = "new line", "sequence", "comment"


def cut_inside_record(
    path: Path, text: bytes, line: str, started: bool, comments: bool, size: int
) -> int:
    """Return where to cut a long text: at a line end, or inside a line where it has no effect.

    Inside a line, the cut is between two letters (blanks, which the parser removes, may follow the
    first), because the parser strips other white space only at the ends, and reads a ``>`` at the
    beginning as a header.
    """
    if cut := text.rfind(b"\n") + 1:
        return cut
    if line == COMMENT_LINE or (line == NEW_LINE and comments and text.startswith(COMMENT_MARKS)):
        return len(text)
    if line == NEW_LINE and text.startswith(b">"):
        raise InputError(f"{path}: a header line is longer than {len(text):,} bytes; is it FASTA?")
    if not started:
        raise no_header(path, comments, size)
    found = LAST_LETTERS.match(text)
    if not found:
        raise InputError(
            f"{path}: {len(text):,} bytes of a sequence line do not contain two neighbouring "
            "letters; is it FASTA?"
        )
    return found.end()


def last_line(text: bytes, before: str) -> str:
    """Return the kind of line in which a text ends; ``before`` is the kind in which it began."""
    begin = text.rfind(b"\n") + 1
    if begin == len(text):
        return NEW_LINE if text else before
    if begin == 0 and before != NEW_LINE:
        return before
    return COMMENT_LINE if text.startswith(COMMENT_MARKS, begin) else SEQUENCE_LINE


def without_comments(
    path: Path, text: bytes, line: str, started: bool, conversions: Conversions
) -> tuple[bytes, str]:
    """Remove lines that begin with a comment mark.

    ``line`` is the kind of line in which the text begins. The second value returned is the kind of
    line in which it ends.
    """
    found = line == COMMENT_LINE or any(
        mark in text and (text.startswith(mark) or b"\n" + mark in text) for mark in COMMENT_MARKS
    )
    if not found:
        return text, last_line(text, line)
    after = last_line(text, line)
    begun = 0 if line == NEW_LINE else text.find(b"\n") + 1 or len(text)
    check_marked_lines(path, text[begun:], started)
    kept, count = COMMENT.subn(b"", text[begun:])
    conversions.comment_lines += count
    return (b"" if line == COMMENT_LINE else text[:begun]) + kept, after


def from_first_record(
    path: Path, text: bytes, comments: bool, conversions: Conversions, size: int
) -> bytes:
    """Remove blank lines before the first record."""
    blank = BLANK_LINES.match(text).end()  # type: ignore[union-attr]
    if not text.startswith(b">", blank):
        if text[blank:].strip():
            raise no_header(path, comments, size)
        blank = len(text)
    conversions.white_space += blank - text.count(b"\n", 0, blank)
    return text[blank:]
