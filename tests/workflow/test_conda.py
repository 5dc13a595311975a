"""``--sdm conda``: what a dry run can tell. Where no conda is, a stand-in answers who it is."""

from __future__ import annotations

import re
import shutil

import pytest
from conftest import ROOT

pytestmark = pytest.mark.workflow
# the questions that Snakemake asks before a dry run, which makes no environment
STAND_IN = """#!/bin/sh
case "$*" in
  "info --json") echo '{"conda_prefix": "/opt/conda", "platform": "linux-64"}' ;;
  "--version") echo "conda 25.1.0" ;;
  "config --get channel_priority --json") echo '{"get": {"channel_priority": "strict"}}' ;;
  *) echo "only a stand-in for conda: $*" >&2; exit 1 ;;
esac
"""


def test_all_rules_are_planned_with_one_environment(project, planned_here, tmp_path, monkeypatch):
    if shutil.which("conda") is None:
        conda = tmp_path / "bin" / "conda"
        conda.parent.mkdir()
        conda.write_text(STAND_IN)
        conda.chmod(0o755)
        monkeypatch.setenv("PATH", str(conda.parent), prepend=":")
    words = ["--sdm", "conda", "--conda-prefix", tmp_path / "environments"]
    assert project.planned(*words) == planned_here
    done = project.snakemake("--dry-run", *words)
    made = re.findall(r"^Conda environment (\S+) will be created", done.out + done.err, re.M)
    assert [path.rsplit("/", 1)[1] for path in made] == ["bioseqrnn.yaml"]


def test_every_rule_with_a_command_has_the_environment():
    """Else it would run with whatever the user's own environment has."""
    count = 0
    for path in (ROOT / "workflow" / "rules").glob("*.smk"):
        for rule in re.split(r"^(?=rule |checkpoint )", path.read_text(), flags=re.M):
            if "bioseqrnn " in rule and re.search(r"^    shell:", rule, re.M):
                assert '    conda:\n        "../envs/bioseqrnn.yaml"' in rule, rule.splitlines()[0]
                count += 1
    assert count
