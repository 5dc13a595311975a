"""The examples of docs/api.md, of the docstrings, and the notebook, all executed."""

from __future__ import annotations

import doctest
import json
import re
import subprocess

import pytest
from conftest import BIN, RESOURCES, ROOT, first_records, run_command
from notebook import run
from small_models import small_network

import bioseqrnn

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NOTEBOOK = ROOT / "docs" / "predictions.ipynb"
# other processors round differently
NUMBER = re.compile(r"\d*\.\d+")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("documents")
    small_network(
        path / "model.safetensors", "multiclass", trained_on=3126, trained_lengths=[60, 60]
    )
    (path / "query.fa").write_text(first_records(RESOURCES / "splice" / "query.fa", 20))
    return path


def check(text, name, names):
    example = doctest.DocTestParser().get_doctest(text, names, name, name, 0)
    assert example.examples
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    runner.run(example, out=said.append)
    assert not said, "".join(said)


def test_page(folder, monkeypatch):
    monkeypatch.chdir(folder)
    page = (ROOT / "docs" / "api.md").read_text()
    check("\n".join(BLOCK.findall(page)), "api.md", {})


@pytest.mark.parametrize(
    "function", [bioseqrnn.load_model, bioseqrnn.Model.predict, bioseqrnn.read_sequences]
)
def test_docstrings(folder, monkeypatch, tmp_path, function):
    monkeypatch.chdir(folder)
    if function is bioseqrnn.read_sequences:
        monkeypatch.chdir(tmp_path)
        (tmp_path / "query.fa").write_text(">q1 x\nACGT\n>q2\nAC-NN\n")
    names = {"bioseqrnn": bioseqrnn}
    if function is bioseqrnn.Model.predict:
        names["model"] = bioseqrnn.load_model("model.safetensors")
    check(function.__doc__, function.__name__, names)


def test_notebook(tmp_path, monkeypatch):
    """Its cells give the outputs that are stored in it, except for rounding."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "resources").symlink_to(RESOURCES)
    monkeypatch.setattr(subprocess, "run", called)
    stored = json.loads(NOTEBOOK.read_text())
    made = run(stored)
    for old, new in zip(stored["cells"], made["cells"], strict=True):
        if old["cell_type"] != "code":
            continue
        assert texts(new) == texts(old), "".join(old["source"])


def called(words, **_options):
    """A command of the notebook, without its imports (helpers/warm.py)."""
    done = run_command(BIN / words[0], *words[1:])
    assert done.code == 0, done.err
    return done


def texts(cell):
    """What a cell prints and shows, without the decimals of numbers."""
    parts = [
        "".join(o.get("text", o.get("data", {}).get("text/plain", ""))) for o in cell["outputs"]
    ]
    return [NUMBER.sub("#", part) for part in parts]
