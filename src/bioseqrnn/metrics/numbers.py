"""Small helpers for numbers: division, rounding, and writing a value in a log."""

from __future__ import annotations

import numpy as np

from bioseqrnn.support.arrays import Doubles


def brief(value: float) -> str:
    """Write a number for a log: three decimals, or four significant digits if that is too few."""
    if not np.isfinite(value):
        return "undefined"
    plain = value == 0 or 1e-3 <= abs(value) < 1e5
    return f"{value:.3f}" if plain else f"{value:.4g}"


def rounded(value: float) -> float:
    """Round to seven significant digits, which suits numbers in any unit."""
    return float(f"{value:.7g}")


def divide(top: Doubles, bottom: Doubles, empty: float) -> Doubles:
    """Divide element-wise; where the bottom is not positive, the result is ``empty``."""
    top, bottom = np.broadcast_arrays(top, bottom)
    quotient = np.full(top.shape, empty)
    np.divide(top, bottom, out=quotient, where=bottom > 0)
    return quotient
