from __future__ import annotations

import sys

import pytest
from warm import python_for_reports


@pytest.fixture
def warm_multiqc(monkeypatch):
    """Reports are made by a MultiQC that has done its imports."""
    if python := python_for_reports():
        monkeypatch.setattr(sys, "executable", str(python))
