"""``export-onnx``, and the examples of docs/onnx.md, which serve its files without this package."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from conftest import BIN, ROOT, run_command
from made_predictions import dataset
from safetensors.numpy import load_file

from bioseqrnn.cli.export_onnx import export_onnx
from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.config.models import ModelConfig
from bioseqrnn.networks.card import raw_card
from bioseqrnn.networks.classifier import SequenceClassifier
from bioseqrnn.networks.store import save_model
from bioseqrnn.stages.baselines.run import fit_final_baseline
from bioseqrnn.stages.final.run import combine_final
from bioseqrnn.stages.prediction.run import predict_query
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.io import sha256

PAGE = (ROOT / "docs" / "onnx.md").read_text(encoding="utf-8")
# what serves a model needs neither torch nor this package
CLEAN = "import sys; sys.modules |= dict.fromkeys(('torch', 'bioseqrnn'))\n"


def block(language):
    """The only example of the page in a language."""
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return found


def network_file(path, table, seed=0, **card):
    """An untrained network of a table."""
    torch.manual_seed(5 + seed)
    config = ModelConfig(cell="gru", hidden_size=5, stem_filters=4, reverse_complement="average")
    shared = ("alphabet", "symbols", "strands", "ids", "classes", "task", "sources")
    known = {key: table.metadata[key] for key in shared} | {
        "model": "gru", "config": config.model_dump(), "trained_on": len(table),
        "trained_lengths": [int(table.lengths.min()), int(table.lengths.max())],
        "sequences_sha256": sha256(path.parent / "sequences.parquet"),
    }  # fmt: skip
    network = SequenceClassifier(config, 4, table.task.outputs(table.classes), table.task)
    with torch.no_grad():
        network.head.weight.mul_(5)
    save_model(path, network, known | card)


def final_model(folder, table, weights):
    """Networks and a baseline in one file, as ``combine`` writes it."""
    names = {"gru": "network", "other": "network", "composition": "baseline"}
    for seed, name in enumerate(n for n, kind in names.items() if kind == "network"):
        network_file(folder / f"{name}.safetensors", table, seed, model=name)
    fit_final_baseline(
        folder / "sequences.parquet", folder / "composition.safetensors",
        baseline="composition", settings={}, seed=1, threads=1,
    )  # fmt: skip
    members = [
        {"name": n, "kind": kind, "weight": w, "settings": {}, "temperature": 0.7}
        for (n, kind), w in zip(names.items(), weights, strict=True)
    ]
    final = {
        "name": "combined", "row": "combined", "criterion": "", "members": members, "centre": 0.0,
        "metrics": {}, "temperature": 0.8, "thresholds": {"hit": 0.25}, "aim": "none",
    }  # fmt: skip
    selected = {"model": "gru", "config": {}, "epochs": 1, "metrics": {}, "final": final}
    (folder / "selected.json").write_text(json.dumps(selected))
    out = folder / "model.safetensors"
    combine_final([folder / f"{n}.safetensors" for n in names], folder / "selected.json", out)
    return out


@pytest.fixture
def table(tmp_path):
    made = dataset(tmp_path, "binary", n=30)
    shutil.copy(tmp_path / "r.fa", tmp_path / "new.fa")
    with (tmp_path / "new.fa").open("a") as file:
        file.write(">soft masked\nacgtnnRY\n>one\nA\n")
    return made


def predicted(folder, model, only=None):
    """What ``predict`` writes for the same file."""
    out = folder / "new.parquet"
    machine = MachineConfig(device="cpu", threads=1)
    predict_query(folder / "new.fa", model, [out], machine=machine, only=only)
    frame = pd.read_parquet(out)
    return frame["id"].tolist(), frame[["probability_miss", "probability_hit"]].to_numpy()


def served(folder):
    """What the example of the page prints."""
    done = subprocess.run(
        [sys.executable, "-c", CLEAN + block("python")],
        cwd=folder, capture_output=True, text=True, check=False,
        env=os.environ | {"PYTHONSAFEPATH": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    numbers = np.array([[float(x) for x in row[2:]] for row in rows])
    assert [row[1] for row in rows] == [["miss", "hit"][k] for k in numbers.argmax(axis=1)]
    return [row[0] for row in rows], numbers


def test_the_examples_of_the_page_give_what_predict_writes(tmp_path, table):
    pytest.importorskip("onnx")
    onnxruntime = pytest.importorskip("onnxruntime")
    model = tmp_path / "model.safetensors"
    network_file(model, table, temperature=1.3, thresholds={"hit": 0.25})
    words = block("bash").split()
    done = run_command(BIN / words[0], *words[1:], cwd=tmp_path)
    assert done.code == 0, done.err
    assert "model.onnx: gru as ONNX" in done.err
    ids, want = predicted(tmp_path, model)
    got_ids, got = served(tmp_path)
    assert got_ids == ids
    # the example prints six decimal places
    np.testing.assert_allclose(got, want, atol=1.1e-5, rtol=0)
    assert want.std(axis=0).min() > 0.01
    first = (tmp_path / "model.onnx").read_bytes()
    export_onnx(model, tmp_path / "model.onnx")
    assert (tmp_path / "model.onnx").read_bytes() == first
    session = onnxruntime.InferenceSession(first)
    about = session.get_modelmeta().custom_metadata_map
    described = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", PAGE.split("| key |")[1], re.MULTILINE)
    keys = {key for line in described for key in re.findall(r"\w+", line)}
    assert set(about) == keys - {"window", "window_overlap"}
    assert json.loads(about["thresholds"]) == {"hit": 0.25}
    assert json.loads(about["classes"]) == ["miss", "hit"]
    assert about["model_sha256"] == sha256(model)
    assert json.loads(about["trained_lengths"]) == raw_card(model)["trained_lengths"]


def test_final_models(tmp_path, table):
    pytest.importorskip("onnxruntime")
    model = final_model(tmp_path, table, (0.5, 0.3, 0.0))
    assert "composition/" in str(sorted(load_file(model)))
    for only in (None, "gru"):
        export_onnx(model, tmp_path / "model.onnx", only)
        _, want = predicted(tmp_path, model, only)
        np.testing.assert_allclose(served(tmp_path)[1], want, atol=1.1e-5, rtol=0)


def test_what_is_refused(tmp_path, table):
    pytest.importorskip("onnx")
    model, out = final_model(tmp_path, table, (0.5, 0.0, 0.3)), tmp_path / "m.onnx"
    with pytest.raises(InputError, match=r"baselines cannot be written .* alone: --with gru$"):
        export_onnx(model, out)
    with pytest.raises(InputError, match=r"'composition' is a baseline, .* alone: --with gru$"):
        export_onnx(model, out, "composition")
    with pytest.raises(InputError, match="has no member 'lstm'; it has gru, other, composition"):
        export_onnx(model, out, "lstm")
    with pytest.raises(InputError, match=r"is a fitted baseline \('composition'\), not a network"):
        export_onnx(tmp_path / "composition.safetensors", out)
    assert not out.exists()


def test_without_onnx_the_message_says_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(InputError, match=r"onnx is not installed; .* 'bioseqrnn\[onnx\]'"):
        export_onnx(tmp_path / "m", tmp_path / "out")
