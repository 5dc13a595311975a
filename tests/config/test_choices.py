"""A choice is registered once; settings, schemas and commands follow."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from cli_commands import options
from conftest import ROOT

from bioseqrnn.config import choices
from bioseqrnn.config.checks.labels import KINDS
from bioseqrnn.config.sheets import DatasetRow
from bioseqrnn.fitting.checkpoint import code_fingerprint
from bioseqrnn.networks.cells import CELLS

REGISTRIES = {
    name: value
    for name, value in vars(choices).items()
    if name.isupper() and not name.startswith("_")
}


def test_every_choice_has_code_and_a_meaning():
    assert set(REGISTRIES) == {"CELLS", "POOLINGS", "BASELINES", "LABEL_KINDS"}
    for registered in REGISTRIES.values():
        for name, choice in registered.items():
            assert choice.load() is not None, name
            assert choice.meaning, name
            assert "\n" not in choice.meaning, name


def enum_of(schema: Any, *place: str) -> list[str]:
    for key in place:
        schema = schema[key]
    return schema["enum"]


def test_schemas_commands_and_code_know_the_registered_names():
    schema = json.loads((ROOT / "workflow" / "schemas" / "config.schema.json").read_text())
    baselines = enum_of(schema, "properties", "baselines", "items")
    model = schema["$defs"]["ModelConfig"]["properties"]
    assert baselines == list(choices.BASELINES)
    assert enum_of(model, "cell") == list(choices.CELLS) == list(CELLS)
    assert enum_of(model, "pooling", "items") == list(choices.POOLINGS)
    method = next(option for option in options("baseline") if option.name == "method")
    assert method.choices == tuple(choices.BASELINES)
    assert [choice.load() for choice in choices.CELLS.values()] == list(CELLS.values())
    assert set(KINDS) == set(choices.LABEL_KINDS) < set(DatasetRow.model_fields)
    assert choices.whole_records_only(choices.BASELINES) == ("gapped_kmer", "pwm")


def test_the_registry_needs_the_standard_library_only(tmp_path):
    """The workflow loads it where no package is installed."""
    file = ROOT / "src" / "bioseqrnn" / "config" / "choices.py"
    (tmp_path / "choices.py").write_bytes(file.read_bytes())
    code = "import sys; sys.path.append('.'); import choices; print(len(choices.BASELINES))"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == (f"{len(choices.BASELINES)}\n", "")


REGISTER = """
import sys
sys.path.append(".")
from bioseqrnn.config.choices import BASELINES, POOLINGS, Choice
"""


def run(code: str, folder: Any) -> str:
    done = subprocess.run(
        [sys.executable, "-c", REGISTER + code], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_one_line_and_a_module_add_a_baseline(tmp_path):
    (tmp_path / "always_last.py").write_text(
        "import numpy as np\n"
        "from bioseqrnn.baselines.majority import Majority\n"
        "def fit(problem, rows, settings):\n"
        "    return Majority(problem.form, np.eye(problem.form.outputs)[-1])\n"
    )
    fasta = ROOT / "resources" / "acp"
    shown = run(
        f"""
from pathlib import Path
BASELINES["always_last"] = Choice("always_last", "the last class")
from bioseqrnn.cli import app
from bioseqrnn.config.settings import Config
from bioseqrnn.tables.predictions import read_predictions
Config(baselines=["always_last", "pwm"])
def call(*words):
    app(list(words), standalone_mode=False)
call("encode", "--fasta", {str(fasta / "ACP.fa")!r}, "--label", "ACP", "--fasta",
     {str(fasta / "Random.fa")!r}, "--label", "Random", "--intake", "a.tsv", "-o", "s.parquet")
call("split", "--sequences", "s.parquet", "-o", "f.parquet", "--grouping", "none")
call("baseline", "--sequences", "s.parquet", "--folds", "f.parquet", "--fold", "0",
     "--method", "always_last", "-o", "p.parquet")
found = read_predictions(Path("p.parquet"))
print(found.model, found.scores[:, 1].min())
""",
        tmp_path,
    )
    assert shown.splitlines()[-1] == "always_last 1.0"


def test_one_line_and_a_summary_add_a_pooling(tmp_path):
    (tmp_path / "first.py").write_text(
        "from bioseqrnn.networks.pooling import Summary\n"
        "FIRST = Summary(lambda outputs: outputs.output[:, 0])\n"
    )
    shown = run(
        """
POOLINGS["first"] = Choice("first:FIRST", "output at the first position")
import torch
from bioseqrnn.config.models import ModelConfig
from bioseqrnn.networks.pooling import Pooling
kinds = ModelConfig(cell="gru", pooling=["first", "last"]).pooling
output = torch.arange(12.0).reshape(2, 3, 2)
pooled = Pooling(kinds, 2)(output, output[:, -1], torch.ones(2, 3, dtype=bool))
print(pooled.tolist())
""",
        tmp_path,
    )
    assert shown == "[[0.0, 1.0, 4.0, 5.0], [6.0, 7.0, 10.0, 11.0]]\n"


@pytest.mark.parametrize(("pooling", "said"), [("frist", "Input should be 'last', 'max', 'mean'")])
def test_an_unknown_name_is_told_with_those_that_there_are(cli, pooling, said):
    done = cli(
        "train", "--sequences", "s", "--folds", "f", "--fold", 0, "-o", "m",
        "--config", f'{{"cell": "gru", "pooling": ["{pooling}"]}}',
    )  # fmt: skip
    assert done.code == 2
    assert said in done.err


def test_checkpoints_depend_on_the_code_of_cells_and_poolings(monkeypatch):
    before = code_fingerprint("bioseqrnn.support.errors")
    assert code_fingerprint("bioseqrnn.support.errors") == before
    added = choices.Choice("bioseqrnn.baselines.positions", "another")
    monkeypatch.setitem(choices.POOLINGS, "another", added)
    assert code_fingerprint("bioseqrnn.support.errors")["code"] != before["code"]
