"""How the report writes numbers of any size, and those that could not be computed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from bioseqrnn.metrics.numbers import brief, rounded
from bioseqrnn.stages.report.keep import keep_section, keep_sentence, keep_table
from bioseqrnn.stages.report.numbers import between, number
from bioseqrnn.stages.report.sections.scores import (
    comparisons_section,
    folds_section,
    models_section,
)


@pytest.mark.parametrize(
    ("metric", "value", "form", "expected"),
    [
        ("rmse", 1.2345678e-9, ".3f", "1.235e-09"),
        ("mae", 12345678.0, ".4f", "1.235e+07"),
        ("rmse", -2e-9, "+.4f", "-2e-09"),
        ("rmse", 2.5, "+.4f", "+2.5"),
        ("auroc", 0.98765, ".3f", "0.988"),
        ("r2", np.nan, ".3f", "undefined"),
        ("rmse", np.inf, ".3f", "undefined"),
    ],
)
def test_a_number(metric, value, form, expected):
    assert number(metric, value, form) == expected


def test_an_interval():
    assert between("mae", 1e-9, 2.5e-9) == "1e-09 to 2.5e-09"
    assert between("auroc", 0.5, 0.75) == "0.500 to 0.750"
    assert between("r2", np.nan, 0.75) == "undefined"


def test_numbers_of_a_log():
    values = [0.5, 0.0, 1e-9, -2.5e7, np.nan]
    assert [brief(v) for v in values] == ["0.500", "0.000", "1e-09", "-2.5e+07", "undefined"]
    assert [rounded(v) for v in (0.123456789, 1.23456789e-12)] == [0.1234568, 1.234568e-12]


def test_a_metric_that_is_undefined_is_said_so():
    """R² of test records whose values are all equal."""
    columns = ["model", "kind", "metric", "estimate", "ci_low", "ci_high", "n"]
    rows = [
        [name, kind, metric, value, value, value, 9]
        for name, kind in (("rnn", "network"), ("majority", "baseline"))
        for metric, value in (("r2", np.nan), ("rmse", 2e-9))
    ]
    summary = pd.DataFrame(rows, columns=columns)
    compared = pd.DataFrame(
        {
            "model": "rnn", "baseline": "majority", "metric": ["r2", "rmse"],
            "difference": [np.nan, 1e-9], "ci_low": [np.nan, 1e-10], "ci_high": [np.nan, 2e-9],
            "p": [np.nan, 0.5], "p_adjusted": [np.nan, 0.5], "test": "bootstrap",
        }
    )  # fmt: skip
    table = keep_table(summary, compared, "r2", "rnn")
    assert "is undefined on the test records" in keep_sentence(table, "rnn", "r2")
    runs = pd.DataFrame({"model": "rnn", "metric": "r2", "estimate": [0.5, np.nan]})
    sections = [
        keep_section(table, summary, None, "rnn", "r2", 0.95),
        models_section(summary, "r2", 0.95, given=False),
        comparisons_section(compared, ["r2", "rmse"], 0.95),
        folds_section(runs, "r2", given=False),
    ]
    text = str(sections)
    assert "nan" not in text.replace("finance", "")
    assert "undefined" in text
    assert "1e-10 to +2e-09" in text
