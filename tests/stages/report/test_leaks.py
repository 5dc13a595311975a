"""What the report says of test records that share a stretch with training records."""

from __future__ import annotations

import pandas as pd
import pytest

from bioseqrnn.stages.report.sections.leaks import leaking_overlaps, leaks_section
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.declared.data import LEAKS


def leaks(own, random=(14, 11)):
    """Two folds of the report and two random ones, with so many test records that overlap."""
    rows = [("homology", k, 20, 0, 0, count, 4, 16, 0) for k, count in enumerate(own)]
    rows += [("none", k, 20, 1, 3, count, 5, 16, 0) for k, count in enumerate(random)]
    return pd.DataFrame(rows, columns=LEAKS.names).astype({"overlapping": "Float64"})


def test_overlaps_are_said_above_the_scores_and_in_the_table():
    found = leaks((6, 5))
    said = (
        "11 (27.5 %) of the 40 test records share a stretch of at least 16 residues with a "
        "training or validation record"
    )
    assert leaking_overlaps(found).startswith(f"<p><b>Leak:</b> {said}")
    section = leaks_section(found, None, "auroc")
    assert said in str(section)
    for cell in (
        "with a sequence in training that shares a stretch",
        "11 (27.5 %)",
        "25 (62.5 %)",
        "0 (0 %)",
    ):
        assert cell in str(section), cell


def test_without_overlaps_nothing_is_said_above_the_scores():
    assert leaking_overlaps(leaks((0, 0))) == ""
    section = str(leaks_section(leaks((0, 0)), None, "auroc"))
    assert "No test record shares a stretch of at least 16 residues" in section
    assert "of low complexity, which 8 (20 %) of the test records have." in section
    missing = leaks((None, None), (None, None))
    assert leaking_overlaps(missing) == ""
    section = str(leaks_section(missing, None, "auroc"))
    assert "were not searched" in section
    assert "not searched" in section


def test_a_table_of_an_older_version_is_refused():
    with pytest.raises(InputError, match="has no column 'overlapping'"):
        leaking_overlaps(leaks((0, 0)).drop(columns="overlapping"))
