"""Two definitions of one container; both are built from the same script and versions."""

from __future__ import annotations

import re
import subprocess

from conftest import ROOT

CONTAINERS = ROOT / "containers"


def test_both_copy_the_same_and_run_the_same_script():
    docker = (CONTAINERS / "Dockerfile").read_text()
    apptainer = (CONTAINERS / "bioseqrnn.def").read_text()
    kept = set(re.findall(r"^!(\S+)", (ROOT / ".dockerignore").read_text(), re.MULTILINE))
    copied = set(re.findall(r"^    (\S+) /opt/bioseqrnn/$", apptainer, re.MULTILINE))
    assert copied == kept
    assert all((ROOT / name).exists() for name in kept)
    for text in (docker, apptainer):
        assert "debian:bookworm-slim" in text
        assert "/opt/bioseqrnn/containers/install.sh" in text


def test_the_script_installs_the_pinned_versions():
    script = CONTAINERS / "install.sh"
    subprocess.run(["sh", "-n", script], check=True)
    assert "--constraint /opt/bioseqrnn/constraints.txt" in script.read_text()
    assert script.stat().st_mode & 0o111
