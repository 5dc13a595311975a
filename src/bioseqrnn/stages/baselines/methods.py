"""The baselines by name; each is a module of this package with a function ``predict``.

A method gives scores of the validation and of the test records. Those of the validation records
come from a fit to the training records alone, as thresholds and calibration need; those of the test
records from a fit to both. ``cnn`` is the exception: it stops by the validation records.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import cast

from bioseqrnn.stages.baselines.problem import Both, Problem
from bioseqrnn.support.arrays import Ints
from bioseqrnn.tables.sequences import SequenceTable

Method = Callable[[SequenceTable, Ints, Ints, Ints, int], Both]

NAMES = (
    "majority", "composition", "kmer_logistic", "gapped_kmer", "gradient_boosting", "pwm", "cnn",
)  # fmt: skip
# the workflow leaves these out where every residue has a label
WHOLE_RECORDS = ("gapped_kmer", "pwm")


def applicable(name: str, task: str) -> bool:
    """Whether a baseline makes sense for a task, by its name in the metadata or configuration."""
    return task != "per_position" or name not in WHOLE_RECORDS


def _method(name: str) -> Method:
    def run(table: SequenceTable, train: Ints, validation: Ints, test: Ints, seed: int) -> Both:
        # a job should not pay for the imports of other methods
        module = import_module(f"bioseqrnn.stages.baselines.{name}")
        return cast(Both, module.predict(Problem(table, train, validation, test, seed)))

    return run


METHODS: dict[str, Method] = {name: _method(name) for name in NAMES}
