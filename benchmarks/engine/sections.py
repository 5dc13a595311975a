"""The sections by name: which cases, how one is measured, how all are shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from . import beside_keras, grid, lengths, peak, scaling
from .options import Options
from .store import Row


@dataclass(frozen=True)
class Section:
    """What a section is made of; rows are cases with threads and what was measured."""

    cases: Callable[[Options], list[Row]]
    measure: Callable[[Row, Options], Row]
    show: Callable[[list[Row]], None]


SECTIONS = {
    "grid": Section(grid.cases, grid.measure, grid.show),
    "dense": Section(grid.dense_cases, grid.measure_dense, grid.show_dense),
    "peak": Section(peak.cases, peak.measure, peak.show),
    "keras": Section(beside_keras.cases, beside_keras.measure, beside_keras.show),
    "lengths": Section(lengths.cases, lengths.measure, lengths.show),
    "scaling": Section(scaling.cases, scaling.measure, scaling.show),
}


def all_cases(section: str, options: Options) -> list[Row]:
    """Cases of a section for every number of threads."""
    return [
        {"threads": threads} | case
        for threads in options.threads
        for case in SECTIONS[section].cases(options)
    ]
