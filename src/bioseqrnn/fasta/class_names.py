"""Class names that look the same to a reader, but differ in some characters."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from urllib.parse import unquote

from bioseqrnn.config.checks.text import QUOTES

# Cyrillic and Greek letters that look like Latin ones, after casefold
TWINS = str.maketrans("авекмнорстухіјѕο", "abekmhopctyxijso")
BETWEEN = re.compile(r"(?<=\w)[\s_\u2010-\u2015\u2212-]+(?=\w)")
SHOWN = 5


def plain_form(name: str) -> str:
    """Return a name without differences of case, quotes, invisible characters and spelling.

    Unicode is normalized (NFKC), and ``%2C`` becomes a comma. Blanks, dashes and ``_`` between
    words count as the same.
    """
    text = unicodedata.normalize("NFKC", unquote(name)).casefold().translate(TWINS)
    # format characters (zero width), controls and variation selectors
    text = "".join(c for c in text if unicodedata.category(c) not in ("Cf", "Cc") or c.isspace())
    text = re.sub("[\N{VARIATION SELECTOR-1}-\N{VARIATION SELECTOR-16}]", "", text)
    text = text.translate({ord(mark): None for mark in QUOTES})
    return BETWEEN.sub(" ", re.sub(r"\s+", " ", unicodedata.normalize("NFC", text)).strip())


def has_control(name: str) -> bool:
    """Return whether a name contains a control character, which a terminal would act on."""
    return any(unicodedata.category(letter) == "Cc" for letter in name)


def lookalikes(names: Iterable[str]) -> list[list[str]]:
    """Return the groups of names that have the same plain form, sorted."""
    groups = defaultdict(list)
    for name in sorted(names):
        # if the plain form is empty, the name itself is compared
        groups[plain_form(name) or name].append(name)
    return sorted(group for group in groups.values() if len(group) > 1)


def shown(name: str) -> str:
    """Return a name in quotes; invisible and look-alike characters become escape sequences."""
    plain = name.isprintable() and unicodedata.is_normalized("NFKC", name)
    return f"'{name}'" if plain and name.translate(TWINS) == name else ascii(name)


def lookalike_warning(names: Iterable[str], what: str) -> str | None:
    """Return a line that lists names which look the same, None if there are none."""
    found = lookalikes(names)
    if not found:
        return None
    listed = "; ".join(" and ".join(map(shown, group)) for group in found[:SHOWN])
    more = f"; and {len(found) - SHOWN:,} more" if len(found) > SHOWN else ""
    return (
        f"{what} that differ only in case, quotes, white space or similar-looking characters are "
        f"counted as different: {listed}{more}; write each in only one way"
    )
