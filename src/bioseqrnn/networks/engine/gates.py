"""The kernels of all cells joined into one forward and one backward kernel.

These kernels choose a cell by its number. The loops over a tile are thus compiled once for all
cells; compiling them for each cell would take several times as long. The joined kernels are built
from the registry, so that nothing has to be added here for a new cell.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numba

from bioseqrnn.networks.cells import CELLS

Kernel = Callable[..., None]
_plain: Callable[[Kernel], Any] = numba.njit(nogil=True)


def _any_of(kernels: Sequence[Kernel]) -> Any:
    """Return a kernel of ``(cell, *values)`` that calls the ``cell``-th of ``kernels``."""
    first, others = kernels[0], kernels[1:]
    if not others:
        return _plain(lambda _, *values: first(*values))
    rest = _any_of(others)

    @_plain
    def pick(cell: int, *values: Any) -> None:
        if cell == 0:
            first(*values)
        else:
            rest(cell - 1, *values)

    return pick


# see ``Cell.forward`` and ``Cell.backward``
forward_gates = _any_of([cell.forward for cell in CELLS.values()])
backward_gates = _any_of([cell.backward for cell in CELLS.values()])
