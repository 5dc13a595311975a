"""An ensemble predicts the mean of its members, and says how far they agree."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from made_predictions import dataset

import bioseqrnn
from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.config.models import ModelConfig
from bioseqrnn.networks.card import raw_card, read_card
from bioseqrnn.networks.classifier import SequenceClassifier
from bioseqrnn.networks.store import save_model
from bioseqrnn.stages.final.ensemble import make_ensemble
from bioseqrnn.stages.prediction.run import predict_query
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.io import sha256

CPU = MachineConfig(device="cpu")
COUNT = 3


def trained(folder, task, count=COUNT, **changes):
    """Networks of one configuration with different weights, as of several folds."""
    table = dataset(folder, task, n=30)
    config = ModelConfig(cell="gru", hidden_size=5, stem_filters=4)
    shared = ("alphabet", "symbols", "strands", "ids", "classes", "task", "sources")
    files = []
    for number in range(count):
        torch.manual_seed(number)
        card = {key: table.metadata[key] for key in shared} | {
            "model": "gru", "config": config.model_dump(), "fold": number,
            "trained_on": 20 + number, "trained_lengths": [30 - number, 80 + number],
            "sequences_sha256": sha256(folder / "sequences.parquet"),
            "temperature": None if task == "regression" else 0.5 + number / 2,
        }  # fmt: skip
        files.append(folder / f"{number}.safetensors")
        outputs = table.task.outputs(table.classes)
        network = SequenceClassifier(config, 4, outputs, table.task)
        save_model(files[-1], network, card | changes.get(str(number), {}))
    return files, table


def predicted(folder, model, name):
    path = folder / f"{name}.parquet"
    predict_query(folder / "q.fa", model, [path], machine=CPU, members=True)
    return pd.read_parquet(path)


def query(folder):
    rng = np.random.default_rng(3)
    texts = ["".join(rng.choice(list("ACGT"), size)) for size in (1, 20, 50, 90, 50)]
    (folder / "q.fa").write_text("".join(f">{i}\n{text}\n" for i, text in enumerate(texts)))


@pytest.mark.parametrize("task", ["binary", "multiclass", "multilabel", "regression"])
def test_predictions_are_the_mean_of_the_members(tmp_path, task):
    files, _ = trained(tmp_path, task)
    query(tmp_path)
    out = tmp_path / "ensemble.safetensors"
    make_ensemble(files, out)
    rows = predicted(tmp_path, out, "all")
    alone = [predicted(tmp_path, file, file.stem) for file in files]
    columns = [n for n in alone[0] if n.startswith("probability_") or n == "value"]
    # [members, records, columns]
    own = np.stack([one[columns].to_numpy() for one in alone])
    if task == "regression":
        expected = own.mean(axis=0)
    elif task == "multilabel":
        expected = 1 / (1 + np.exp(-np.log(own / (1 - own)).mean(axis=0)))
    else:
        expected = np.exp(np.log(own).mean(axis=0))
        expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(rows[columns], expected, atol=1e-9)
    for number, one in enumerate(own, start=1):
        np.testing.assert_array_equal(rows[[f"gru-{number}:{name}" for name in columns]], one)
    if task in ("binary", "multiclass"):
        best = expected.argmax(axis=1)
        chosen = own[:, np.arange(len(best)), best]
        disagree = (own.argmax(axis=2) != best).mean(axis=0)
        np.testing.assert_allclose(rows["members_disagree"], disagree, atol=1e-12)
    elif task == "regression":
        chosen = own[:, :, 0]
    else:
        np.testing.assert_allclose(rows["members_sd"], own.std(axis=0).mean(axis=1), atol=1e-9)
        return
    np.testing.assert_allclose(rows["members_mean"], chosen.mean(axis=0), atol=1e-9)
    np.testing.assert_allclose(rows["members_sd"], chosen.std(axis=0), atol=1e-9)
    assert (rows["members_sd"] > 0).all()


def test_it_is_loaded_and_exported_like_any_model(tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    files, _ = trained(tmp_path, "multiclass")
    query(tmp_path)
    out = tmp_path / "ensemble.safetensors"
    make_ensemble(files, out)
    model = bioseqrnn.load_model(out)
    text = "ACGTTGCATTGACC"
    rows = model.predict([text])
    assert rows["members_sd"].item() > 0
    from bioseqrnn.combination.onnx import export_onnx

    export_onnx(out, tmp_path / "e.onnx")
    onehot = np.eye(4, dtype=np.float32)[["ACGT".index(letter) for letter in text]][None]
    session = onnxruntime.InferenceSession(str(tmp_path / "e.onnx"))
    (found,) = session.run(None, {"x": onehot, "lengths": np.array([len(text)])})
    names = [f"probability_{name}" for name in "abc"]
    np.testing.assert_allclose(found, rows[names].to_numpy(), atol=1e-6)


def test_folds_share_one_table(tmp_path):
    files, _ = trained(tmp_path, "binary")
    out = tmp_path / "ensemble.safetensors"
    make_ensemble(files, out)
    card = raw_card(out)
    assert (card["trained_on"], card["trained_lengths"]) == (22, [28, 82])
    assert [member["name"] for member in card["members"]] == ["gru-1", "gru-2", "gru-3"]
    assert {member["card"]["fold"] for member in card["members"]} == {0, 1, 2}
    assert read_card(files[0])["trained_on"] == 20


@pytest.mark.parametrize(
    ("which", "changes", "said"),
    [
        ([0], {}, "an ensemble needs two or more networks"),
        ([0, 1, 0], {}, "is the same as .*0.safetensors; give each network once"),
        ([0, 1], {"model": "other"}, "its model differs"),
        ([0, 1], {"sequences_sha256": "0" * 64}, "sequences_sha256 differs"),
    ],
)
def test_what_is_no_ensemble(tmp_path, which, changes, said):
    files, _ = trained(tmp_path, "binary", **{"1": changes})
    out = tmp_path / "ensemble.safetensors"
    with pytest.raises(InputError, match=said):
        make_ensemble([files[number] for number in which], out)
    assert not out.exists()
