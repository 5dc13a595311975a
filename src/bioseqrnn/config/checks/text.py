"""Names in messages: names that fit into one line, and likely corrections."""

from __future__ import annotations

import difflib
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from bioseqrnn.support.console import shown
from bioseqrnn.support.errors import InputError

# straight quotes, accents, double and single curly quotes, angle quotes
QUOTES = "\"'`\u00b4\u201c\u201d\u201e\u2018\u2019\u201a\u00ab\u00bb"


def is_one_line(text: str) -> bool:
    """Whether a name contains no control character, line break or half of a surrogate pair."""
    return text.isprintable() or not any(
        unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in text
    )


def suggestion(name: object, known: Iterable[object]) -> str:
    """Return a likely correction of a name, or else the known names."""
    names = sorted(map(str, known))
    close = difflib.get_close_matches(str(name), names, n=1)
    return f"did you mean '{close[0]}'?" if close else f"known: {', '.join(names)}"


def stop(message: str) -> NoReturn:
    """End the process with one line; an exception would hide the message in a traceback."""
    sys.stderr.write(f"bioseqrnn: error: {shown(message)}\n")
    raise SystemExit(2)


@contextmanager
def faults_end_the_run() -> Iterator[None]:
    """End the process with one line if an InputError is raised in the block."""
    try:
        yield
    except InputError as error:
        stop(str(error))
