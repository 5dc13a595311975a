"""Labels from ``key=value`` in FASTA headers."""

from __future__ import annotations

import difflib
import re

# Characters that can separate the parts of a header
ENDS = "|;,"
NAME = rf"\[?[^\s{ENDS}=\[\]]+="
NAMES = re.compile(rf"(?:^|[\s{ENDS}\[])([^\s{ENDS}=\[\]]+)\s?=")
DOUBLE = re.compile(r'"([^"]*)"')
# an apostrophe inside, as in 5' UTR, is followed by more words; the closing quote is not
SINGLE = re.compile(rf"'(.*?)'(?=\s*$|\s*[{ENDS}\]]|\t|\s+{NAME})|'([^']*)'")


class HeaderKey:
    """Reads ``key=value`` in headers.

    A value in quotes is the text between them. A value in brackets (``[key=two words]``) ends at
    the matching closing bracket. Any other value ends at the next ``name=``, at `` |``, a tab or a
    ``;`` before white space, or at the ``|``, ``;`` or ``,`` that also precedes the key.

    Parameters
    ----------
    key : str
    separator : str
        Separator of several labels, which does not end a value.
    words : bool
        Whether a value without quotes or brackets may contain blanks; numbers end at the first one.

    Attributes
    ----------
    to_the_end : int
        Number of values of several words that ended only at the end of their header.
    example : str
        One of these values.
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
        """Return the distinct values of the key in a header, including empty ones."""
        found, place = [], 0
        while start := self._start.search(title, place):
            value, place = self._value(title, start.start(), start.end())
            found.append(value)
        return list(dict.fromkeys(found))

    def names_in(self, title: str) -> list[str]:
        """Return the keys that a header has."""
        return list(dict.fromkeys(NAMES.findall(title)))

    def hint(self, title: str) -> str:
        """Return a hint: what a header has instead of the key, and what to do about it."""
        names = self.names_in(title)
        lower = {name.casefold(): name for name in names}
        close = difflib.get_close_matches(self.key.casefold(), list(lower), n=1)
        if self.key in names:
            return f"write '{self.key}=' without spaces"
        if re.search(rf"(?:^|[\s{ENDS}\[]){re.escape(self.key)}:", title):
            return f"it has '{self.key}:'; write '{self.key}='"
        if close:
            return f"did you mean '{lower[close[0]]}'?"
        known = f" (this header has {', '.join(names[:5])})" if names else ""
        return f"add one or give another label_key{known}"

    def _value(self, title: str, start: int, begin: int) -> tuple[str, int]:
        """Return the value that begins at ``begin``, and where it ends."""
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
        # the value ends where a bracket opened before the key closes
        if "]" in title[begin:end] and (closing := _closing(title, begin)) is not None:
            end = min(end, closing)
        value = title[begin:end].strip().rstrip(ENDS).rstrip()
        if bracket:
            # another bracket was opened inside and never closed
            value = value.removesuffix("]")
        if not ended and not mark and end == len(title) and " " in value:
            self.to_the_end += 1
            self.example = self.example or value
        return value, end


def _closing(text: str, begin: int) -> int | None:
    """Return where the bracket opened before ``begin`` closes, None if it does not."""
    depth = 1
    for bracket in re.finditer(r"[\[\]]", text[begin:]):
        depth += 1 if bracket.group() == "[" else -1
        if not depth:
            return begin + bracket.start()
    return None
