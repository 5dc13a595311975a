"""Checks for text that could be read as residues: titles, wrapped headers, sentences, marked lines.

Nearly every letter codes for an amino acid, so text between headers could be read as a protein. It
differs from residues in its blanks: words differ in length, but the groups of ten residues that
some programs write do not.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from bioseqrnn.fasta.locate import find_line, shown
from bioseqrnn.support.arrays import Bytes, Ints
from bioseqrnn.support.compiled import compiled
from bioseqrnn.support.errors import InputError

# A mark that programs use inside sequences ('!': frameshift in MACSE), then letters, no blank
MARKED_RESIDUES = re.compile(rb"^[#!][#!*.~-]*[A-Za-z][A-Za-z#!*.~-]*(?=[ \t]*$)", re.MULTILINE)
HEADER = re.compile(rb"^>", re.MULTILINE)
# Sequence types that PIR (NBRF) writes before the id
PIR = re.compile(rb"(?:[PF]1|[DR][LC]|N[13]|XX);")
GROUP, PLAIN, RUN, BLANKED, GAP, IN_HEADER, STARTED = range(7)


class GroupedLines:
    """Refuses lines of a file that blanks divide into groups of different sizes.

    In a valid record, all groups except the last group of a line are as long as the first one, and
    a line without blanks is not longer than a group. A record may be given in parts.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._state = np.zeros(7, np.int64)
        self._header = b""

    def check(self, text: bytes, blanks: bool, continues: bool, unfinished: bool) -> None:
        r"""Check a text that begins with a header, or is another part of a record.

        Parameters
        ----------
        text : bytes
            With ``\n`` at the ends of lines.
        blanks : bool
            Whether the text has white space that is left out.
        continues, unfinished : bool
            Whether the first record began, and the last one ends, in another text.
        """
        if not continues:
            self._state[:] = 0
            self._state[STARTED] = 1
        if blanks or self._state[GROUP] or self._state[GAP]:
            if not unfinished and not text.endswith(b"\n"):
                # the last line of a file ends here too
                text += b"\n"
            begin = _first_uneven(np.frombuffer(text, np.uint8), self._state)
            if begin >= 0:
                raise self._refusal(text, begin)
        elif unfinished:
            self._pass_over(text, continues)
        if unfinished:
            header = HEADER.search(text, max(0, text.rfind(b"\n>")))
            if header:
                self._header = text[header.start() :].split(b"\n", 1)[0]

    def _pass_over(self, text: bytes, continues: bool) -> None:
        """Pass over a part without blanks; keep if a line ended, and the last line's length."""
        found = text.rfind(b"\n>")
        begin = found + 1 if found >= 0 or not continues else -1
        if begin >= 0:
            self._state[[PLAIN, RUN]] = 0
        first = text.find(b"\n", begin) + 1 if begin >= 0 else 0
        end = text.rfind(b"\n") + 1
        ended = text[first:end].strip() or (end > 0 and self._state[RUN])
        self._state[PLAIN] = 1 if ended else self._state[PLAIN]
        self._state[RUN] = len(text) - end + (0 if end else self._state[RUN])

    def _refusal(self, text: bytes, begin: int) -> InputError:
        line = text[begin:].split(b"\n", 1)[0]
        start = text.rfind(b"\n>", 0, begin) + 1
        own = text[start:].split(b"\n", 1)[0]
        number, name = find_line(self._path, line, own if own.startswith(b">") else self._header)
        where = f"line {number} (record '{name}')" if number else f"record '{name}'"
        return InputError(
            f"{self._path}: {where} reads '{shown(line)}': is this text or residues? its spaces do "
            "not divide the record into groups of equal size; remove the text or the spaces"
        )


@compiled
def _first_uneven(text: Bytes, state: Ints) -> int:
    """Return where the first line with uneven groups begins, -1 if none; updates ``state``."""
    group, plain, run, begin = state[GROUP], state[PLAIN], state[RUN], 0
    blanked, gap, header = state[BLANKED], state[GAP], state[IN_HEADER]
    for i in range(text.size):
        letter = text[i]
        if letter == 10:
            if header == 0 and run > 0:
                if blanked:
                    if run > group:
                        return begin
                else:
                    if group > 0 and run > group:
                        return begin
                    plain = max(plain, run)
            header, run, blanked, gap, begin = 0, 0, 0, 0, i + 1
        elif header:
            continue
        elif letter == 62 and run == 0 and i == begin and (i > 0 or state[STARTED] == 1):
            header, group, plain = 1, 0, 0
        elif letter == 32:
            gap = 1 if run > 0 else 0
        elif 32 < letter < 127:
            if gap:
                if group == 0 and plain == 0:
                    group = run
                if run != group:
                    return begin
                run, blanked, gap = 0, 1, 0
            run += 1
    state[GROUP], state[PLAIN], state[RUN] = group, plain, run
    state[BLANKED], state[GAP], state[IN_HEADER] = blanked, gap, header
    state[STARTED] = 0
    return -1


def check_marked_lines(path: Path, text: bytes, started: bool) -> None:
    """Refuse lines inside a record that begin with ``#`` or ``!`` and else have residues only."""
    first = 0
    if not started:
        header = HEADER.search(text)
        first = header.start() if header else len(text)
    found = MARKED_RESIDUES.search(text, first)
    if not found:
        return
    line = text[found.start() :].split(b"\n", 1)[0]
    number, name = find_line(path, line)
    mark = line[:1].decode()
    raise InputError(
        f"{path}: line {number} (record '{name}') begins with '{mark}' and otherwise contains only "
        f"letters: is it a comment or residues? put a space after the '{mark}' of a comment, or "
        "remove it from residues"
    )


def check_pir(path: Path, headers: bytes, titles: tuple[str, ...], texts: tuple[str, ...]) -> None:
    """Refuse records of PIR (NBRF), whose second line is a title and whose last ends in ``*``."""
    if b";" not in headers or not PIR.search(headers):
        return
    for title, text in zip(titles, texts, strict=True):
        if PIR.match(title.lstrip().encode()) and text.endswith("*"):
            raise InputError(
                f"{path}: record '{title.split()[0]}' is in PIR (NBRF) format, not FASTA: its "
                "second line is a title; convert the file to FASTA"
            )
