"""The diffs of docs/extending.md, in a copy of the package whose new parts are then used."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

import pytest
from conftest import RESOURCES, ROOT, encode, first_records

from bioseqrnn.config.folds import FoldsConfig
from bioseqrnn.config.models import ModelConfig
from bioseqrnn.fasta.sources import Source
from bioseqrnn.networks.classifier import SequenceClassifier
from bioseqrnn.networks.store import save_model
from bioseqrnn.onehot.alphabet import PROTEIN
from bioseqrnn.stages.folds.run import split_table

PAGE = (ROOT / "docs" / "extending.md").read_text()
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))


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
def work(tmp_path_factory):
    """The folder that the examples run in: tables of two classes, a network and a query."""
    folder = tmp_path_factory.mktemp("work")
    sources = []
    for label in ("ACP", "Random"):
        path = folder / f"{label}.fa"
        path.write_text(first_records(RESOURCES / "acp" / f"{label}.fa", 40))
        sources.append(Source(path, label))
    (folder / "query.fa").write_text(first_records(RESOURCES / "acp" / "query.fa", 10))
    table = encode(folder, sources, where="acp")
    split_table(
        table,
        folder / "folds.parquet",
        FoldsConfig(count=2, validation_fraction=0.2, seed=1, grouping="duplicates"),
    )
    config = ModelConfig(cell="gru", hidden_size=4, stem_filters=0)
    symbols = PROTEIN.symbols
    card = {
        "alphabet": "protein", "symbols": symbols, "classes": ["Random", "ACP"], "task": "binary",
        "config": config.model_dump(), "model": "gru", "trained_on": 10, "trained_lengths": [1, 99],
    }  # fmt: skip
    save_model(folder / "model.safetensors", SequenceClassifier(config, len(symbols), 2), card)
    return folder


@pytest.mark.parametrize("section", list(SECTIONS))
def test_what_is_added_works(work, tmp_path, section):
    # machine code that is there is not compiled again
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("*.egg-info"))
    apply(block(section, "diff"), tmp_path)
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "src"), "PYTHONSAFEPATH": "1"}
    done = subprocess.run(
        [sys.executable, "-c", block(section, "python")], cwd=work, env=environment,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_every_kind_of_extension_is_shown():
    kinds = ("metric", "baseline", "pooling", "recurrent cell", "input format", "output format")
    assert set(SECTIONS) == {f"A{'n' * (kind[0] in 'io')} {kind}" for kind in kinds}
