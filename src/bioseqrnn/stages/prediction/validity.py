"""Whether each record is like those that the model was trained on (docs/domain.md)."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from bioseqrnn.domain.judge import LEVELS, OUTSIDE, PROPERTIES, UNKNOWN, Domain
from bioseqrnn.inference.records import Predicted
from bioseqrnn.support.console import say

DOMAIN, REASON = "domain", "domain_reason"


class DomainColumns:
    """The columns ``domain`` (a word) and ``domain_reason`` (why it is not ``inside``).

    Parameters
    ----------
    domain : Domain or None
        None: the model file does not say what its training records are like.
    told : list of str
        Names of the records for which this was logged. It is shared by all records of a model, so
        that it is logged once.
    """

    def __init__(self, domain: Domain | None, told: list[str]) -> None:
        self.fields = [(DOMAIN, pa.string()), (REASON, pa.string())]
        self._domain, self._told = domain, told
        self._counts = np.zeros(len(LEVELS), np.int64)
        self._outside = np.zeros(len(PROPERTIES), np.int64)
        # kept for later parts of the same record
        self._columns: dict[str, pa.Array] = {}

    def columns(self, part: Predicted) -> dict[str, pa.Array]:
        """See ``Added``; every part of a long record has the word of the whole record."""
        if self._domain is None:
            rows = len(part.starts)
            return {DOMAIN: pa.repeat(UNKNOWN, rows), REASON: pa.repeat("", rows)}
        if part.begins:
            judged = self._domain.judge(part.source.packed)
            self._counts += np.bincount(judged.levels, minlength=len(LEVELS))
            self._outside += (judged.properties == LEVELS.index(OUTSIDE)).sum(axis=0)
            self._columns = {
                DOMAIN: pa.array(LEVELS, pa.string()).take(pa.array(judged.levels)),
                REASON: pa.array(judged.reasons, pa.string()),
            }
        return self._columns

    def report(self, name: str) -> None:
        """Log how many records are inside, at the edge, and outside, and why."""
        if self._domain is None and self._told:
            return
        if self._domain is None:
            self._told.append(name)
            say(
                f"{name}: domain unknown: the model file does not say what its training "
                "records are like; 'combine' with --sequences and --folds adds it"
            )
            return
        inside, edge, outside = self._counts[:3].tolist()
        counts = zip(PROPERTIES, self._outside.tolist(), strict=True)
        why = ", ".join(f"{what} {count:,}" for what, count in counts if count)
        say(
            f"{'warning: ' if outside else ''}{name}: domain: {inside:,} inside, {edge:,} "
            f"edge, {outside:,} outside" + (f" (by {why}; column {REASON})" if why else "")
        )
