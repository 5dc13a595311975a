"""Checks of the ranges of a search."""

from __future__ import annotations


def range_problem(low: float, high: float, log: bool) -> str | None:
    """Return what is wrong with a range of numbers; None if it is correct."""
    if not low < high:
        return f"low must be below high, not {low} and {high}"
    if log and low <= 0:
        return f"log needs a low above 0, not {low}"
    return None
