"""What a verification finds, one line each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """How a difference is to be understood; only notes leave the results verified.

    ``FAULT``: a result is not what was made. ``OUTDATED``: results are what was made, but from
    other input or settings than there are now. ``NOTE``: both may be right.
    """

    FAULT = "fault"
    OUTDATED = "out of date"
    NOTE = "note"


@dataclass(frozen=True)
class Finding:
    """One difference: its kind, the file or setting, and what is different and what to do."""

    kind: Kind
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.kind.value}: {self.where}: {self.what}"


def fault(where: str, what: str) -> Finding:
    """Make a finding on a result."""
    return Finding(Kind.FAULT, where, what)


def outdated(where: str, what: str) -> Finding:
    """Make a finding on input or settings."""
    return Finding(Kind.OUTDATED, where, what)


def note(where: str, what: str) -> Finding:
    """Make a finding that is no difference of results."""
    return Finding(Kind.NOTE, where, what)


def count_of(findings: Iterable[Finding], kind: Kind) -> int:
    """Count the findings of a kind."""
    return sum(one.kind is kind for one in findings)
