"""The diffs of docs/extending.md, in a copy of the package whose new parts are then used."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

import pytest
from conftest import RESOURCES, ROOT, encode, first_records

from bioseqrnn.fasta.sources import Source
from bioseqrnn.stages.folds.run import split_table

PAGE = (ROOT / "docs" / "extending.md").read_text()
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
# in one test process, as they share the copy
pytestmark = pytest.mark.xdist_group("extending")


def block(section, language):
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", SECTIONS[section], re.M | re.S)
    return found


def apply(diff, folder):
    """Apply a diff without numbers of lines: what a hunk replaces occurs once in its file."""
    for part in re.split(r"^--- .+\n\+\+\+ b/", diff, flags=re.MULTILINE)[1:]:
        name, body = part.split("\n", 1)
        path = folder / name
        for hunk in re.split(r"^@@\n", body, flags=re.MULTILINE)[1:]:
            lines = hunk.splitlines()
            old, new = (
                "".join(f"{line[1:]}\n" for line in lines if line[:1] != other) for other in "+-"
            )
            if old:
                text = path.read_text()
                assert text.count(old) == 1, f"{name}:\n{old}"
                path.write_text(text.replace(old, new))
            else:
                assert not path.exists()
                path.write_text(new)


@pytest.fixture(scope="module")
def extended(tmp_path_factory):
    """A copy of the package with all diffs, and a folder with data."""
    root = tmp_path_factory.mktemp("extended")
    shutil.copytree(ROOT / "src", root / "src", ignore=shutil.ignore_patterns("*.egg-info"))
    for section in SECTIONS:
        apply(block(section, "diff"), root)
    work = root / "work"
    work.mkdir()
    sources = []
    for label in ("ACP", "Random"):
        path = work / f"{label}.fa"
        path.write_text(first_records(RESOURCES / "acp" / f"{label}.fa", 40))
        sources.append(Source(path, label))
    (work / "query.fa").write_text(first_records(RESOURCES / "acp" / "query.fa", 10))
    table = encode(work, sources, where="acp")
    split_table(table, work / "folds.parquet", folds=2, validation_fraction=0.2, seed=1)
    return root


def use(extended, section):
    """Run the example of a section."""
    environment = os.environ | {"PYTHONPATH": str(extended / "src"), "PYTHONSAFEPATH": "1"}
    done = subprocess.run(
        [sys.executable, "-c", block(section, "python")], cwd=extended / "work", env=environment,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("section", list(SECTIONS))
def test_what_is_added_works(extended, section):
    if section == "An output format" and not (extended / "work" / "min.safetensors").exists():
        use(extended, "A pooling")
    use(extended, section)


def test_every_kind_of_extension_is_shown():
    kinds = ("metric", "baseline", "pooling", "recurrent cell", "input format", "output format")
    assert set(SECTIONS) == {f"A{'n' * (kind[0] in 'io')} {kind}" for kind in kinds}
