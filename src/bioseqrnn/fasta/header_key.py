"""Labels from ``key=value`` in the headers of FASTA."""

from __future__ import annotations

import difflib
import re

# What can stand between the parts of a header
ENDS = "|;,"
NAME = rf"\[?[^\s{ENDS}=\[\]]+="
NAMES = re.compile(rf"(?:^|[\s{ENDS}\[])([^\s{ENDS}=\[\]]+)\s?=")
DOUBLE = re.compile(r'"([^"]*)"')
# an apostrophe within, as of 5' UTR, is followed by more words; the last quote is not
SINGLE = re.compile(rf"'(.*?)'(?=\s*$|\s*[{ENDS}\]]|\t|\s+{NAME})|'([^']*)'")


class HeaderKey:
    """Reads ``key=value`` in headers.

    A value in quotes is what stands between them, one in brackets (``[key=two words]``) ends at the
    bracket that closes the first. Any other value goes on to the next ``name=``, to `` |``, a tab
    or a ``;`` before white space, or to the ``|``, ``;`` or ``,`` that also stands before the key.

    Parameters
    ----------
    key : str
    separator : str
        Between several labels: what ends no value.
    words : bool
        Whether a bare value may hold blanks; numbers end at the first one.

    Attributes
    ----------
    to_the_end : int
        Values of several words that only the end of their header ended.
    example : str
        One of them.
    """

    def __init__(self, key: str, separator: str = "", words: bool = True) -> None:
        self.key = key
        self.to_the_end, self.example = 0, ""
        self._start = re.compile(rf"(?:^|(?<=[\s{ENDS}\[])){re.escape(key)}=")
        self._ends = "".join(mark for mark in ENDS if mark not in separator)
        between = [rf"[\s{ENDS}]\s*{NAME}"]
        between += [r"\t"] * ("\t" not in separator) + [r"\s\|"] * ("|" in self._ends)
        between += [r";(?=\s|$)"] * (";" in self._ends) + [r"\s"] * (not words)
        self._patterns = {
            mark: re.compile("|".join(between + [re.escape(mark)] * bool(mark)))
            for mark in ("", *self._ends)
        }

    def values(self, title: str) -> list[str]:
        """Return the different values that a header gives, blank ones too."""
        found, place = [], 0
        while start := self._start.search(title, place):
            value, place = self._value(title, start.start(), start.end())
            found.append(value)
        return list(dict.fromkeys(found))

    def names_in(self, title: str) -> list[str]:
        """Return the keys that a header has."""
        return list(dict.fromkeys(NAMES.findall(title)))

    def hint(self, title: str) -> str:
        """Say what a header has in place of the key, and what to do about it."""
        names = self.names_in(title)
        lower = {name.casefold(): name for name in names}
        close = difflib.get_close_matches(self.key.casefold(), list(lower), n=1)
        if self.key in names:
            return f"write '{self.key}=' without blanks"
        if re.search(rf"(?:^|[\s{ENDS}\[]){re.escape(self.key)}:", title):
            return f"it has '{self.key}:'; write '{self.key}='"
        if close:
            return f"did you mean '{lower[close[0]]}'?"
        known = f" (this header has {', '.join(names[:5])})" if names else ""
        return f"add one or name another label_key{known}"

    def _value(self, title: str, start: int, begin: int) -> tuple[str, int]:
        """Return the value that begins somewhere, and where it ends."""
        bracket = title[start - 1 : start] == "["
        if bracket and (end := _closing(title, begin)) is not None:
            return title[begin:end].strip(), end
        quotes = {'"': DOUBLE, "'": SINGLE}.get(title[begin : begin + 1])
        if quotes is not None and (quoted := quotes.match(title, begin)):
            text = next(group for group in quoted.groups() if group is not None)
            return text.strip(), quoted.end()
        before = title[:start].rstrip()[-1:]
        mark = before if before and before in self._ends else ""
        ended = self._patterns[mark].search(title, begin)
        end = ended.start() if ended else len(title)
        # a bracket that was opened before the key
        if "]" in title[begin:end] and (closing := _closing(title, begin)) is not None:
            end = min(end, closing)
        value = title[begin:end].strip().rstrip(ENDS).rstrip()
        if bracket:
            # another one was opened and never closed
            value = value.removesuffix("]")
        if not ended and not mark and end == len(title) and " " in value:
            self.to_the_end += 1
            self.example = self.example or value
        return value, end


def _closing(text: str, begin: int) -> int | None:
    """Where the bracket closes that was opened before ``begin``, None where none does."""
    depth = 1
    for bracket in re.finditer(r"[\[\]]", text[begin:]):
        depth += 1 if bracket.group() == "[" else -1
        if not depth:
            return begin + bracket.start()
    return None
