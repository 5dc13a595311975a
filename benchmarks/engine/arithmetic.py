"""Ratios and what is made of them: the only arithmetic between clocks and tables."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence

# Seconds of a single run from which three are enough, the first among them
SLOW = 20
GATES = {"rnn": 1, "gru": 3, "lstm": 4}


def paired_ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """How many times as fast ours is: the median of the ratios of runs made one after the other.

    On a machine that others use too, both runs of a pair meet about the same load.
    """
    return statistics.median(b / a for a, b in zip(ours, theirs, strict=True))


def geometric_mean(ratios: Iterable[float]) -> float:
    """The mean of ratios: of 2 × and 1/2 × it is 1 ×."""
    logs = [math.log(ratio) for ratio in ratios]
    return math.exp(sum(logs) / len(logs))


def recurrent_flops(cell: str, hidden: int, length: int, batch: int, directions: int = 2) -> int:
    """Floating-point operations that one training step's recurrent products need at least.

    3 (forward, gradient of the state, gradient of the weights) × 2 (multiply, add) × batch ×
    length × directions × hidden × gates * hidden. Products with the input are not counted, nor is
    anything done element by element.
    """
    return 3 * 2 * batch * length * directions * hidden * GATES[cell] * hidden


def three_digits(value: float) -> str:
    """Three significant digits, never as a power of ten."""
    return f"{value:.3g}" if value < 1000 else f"{value:.0f}"


def exponent(sizes: Sequence[float], values: Sequence[float]) -> float:
    """Slope of log value over log size by least squares: 1 where the value grows in proportion."""
    x = [math.log(size) for size in sizes]
    y = [math.log(value) for value in values]
    return statistics.linear_regression(x, y).slope


def repeats(seconds_a_round: float, slowest: float, budget: float, fewest: int) -> int:
    """How many rounds to make: as many as fit the budget, from ``fewest`` to 50.

    Where a single run takes more than 20 s, three rounds are enough.
    """
    least = min(fewest, 3) if slowest > SLOW else fewest
    return min(50, max(least, int(budget / seconds_a_round)))
