"""Contribution of each group of records to sums: a replicate is then a product of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, vstack

from bioseqrnn.metrics.tallies import Terms
from bioseqrnn.support.arrays import Doubles, Ints


class Sums:
    """Named sums over weighted groups.

    Parameters
    ----------
    group : int64 [units]
        Number of each unit's group.
    groups : int
        Number of groups in all records.
    """

    def __init__(self, group: Ints, groups: int) -> None:
        self._group, self._groups = group, groups
        self._parts: list[Any] = []
        self._rows: dict[object, slice] = {}
        self._done = 0
        self._matrix: Any = None

    def add(
        self, name: object, values: Doubles, rows: Ints | None = None, count: int = 1,
        group: Ints | None = None,
    ) -> None:  # fmt: skip
        """Add a sum, or ``count`` of them.

        Parameters
        ----------
        name : object
            Any hashable key.
        values : float64 [units]
        rows : int64 [units], optional
            Index of the sum, out of ``count``, that each value is added to.
        group : int64 [units], optional
            Group of each value, if they belong to other units than those of this object.
        """
        group = self._group if group is None else group
        if rows is None:
            rows = np.zeros(len(group), np.int64)
        # this adds up the values of one group and row
        part = csr_matrix((values, (rows, group)), shape=(count, self._groups))
        self._parts.append(part)
        self._rows[name] = slice(self._done, self._done + count)
        self._done += count

    def __contains__(self, name: object) -> bool:
        return name in self._rows

    def add_terms(self, name: object, terms: Terms) -> None:
        """Add terms; see ``Terms``."""
        self.add(name, terms.values, terms.rows, terms.size, terms.group)

    def of(self, weights: Doubles) -> dict[object, Doubles]:
        """Return all sums for weights [groups, replicates]: float64 [count, replicates] each."""
        if self._matrix is None:
            self._matrix = vstack(self._parts, format="csr")
            self._parts = []
        sums = self._matrix @ weights
        return {name: sums[rows] for name, rows in self._rows.items()}
