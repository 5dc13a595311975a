from __future__ import annotations

import pytest


@pytest.mark.xdist_group("one")
def test_tests_of_a_group_share_a_worker(request):
    """Some versions of pytest and pytest-xdist ignore groups together, without a word.

    Then every worker makes its own finished workflow and its own SLURM.
    """
    # set by pytest-xdist in its workers only
    if getattr(request.config.option, "loadgroup", False):
        assert request.node.nodeid.endswith("@one")
