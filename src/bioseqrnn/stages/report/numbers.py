"""Formatting of metric values in the report."""

from __future__ import annotations

import math
from collections.abc import Iterable

from bioseqrnn.metrics.registry import in_units

UNDEFINED = "undefined"


def number(metric: str, value: float, form: str = ".3f") -> str:
    """Write a value of a metric; in the unit of the labels, with four significant digits.

    All other values have the format ``form``; a value that could not be computed is "undefined".
    """
    if not math.isfinite(value):
        return UNDEFINED
    if in_units(metric):
        form = "+.4g" if form.startswith("+") else ".4g"
    return f"{value:{form}}"


def between(metric: str, low: float, high: float, form: str = ".3f") -> str:
    """Write the ends of an interval of a metric."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return UNDEFINED
    return f"{number(metric, low, form)} to {number(metric, high, form)}"


def intervals(metric: str, low: Iterable[float], high: Iterable[float], form: str) -> list[str]:
    """``between`` for several intervals."""
    return [between(metric, a, b, form) for a, b in zip(low, high, strict=True)]
