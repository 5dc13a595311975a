"""Models saved by Keras itself (tests/data/keras) predict here what they predicted there."""

from __future__ import annotations

import io
import json
import zipfile

import h5py
import numpy as np
import pandas as pd
import pytest
from conftest import ROOT

from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.networks.card import read_card
from bioseqrnn.networks.keras.convert import import_keras
from bioseqrnn.stages.prediction.run import predict_query
from bioseqrnn.support.errors import InputError

FOLDER = ROOT / "tests" / "data" / "keras"
EXPECTED = json.loads((FOLDER / "expected.json").read_text())


def classes_of(name):
    units = len(EXPECTED[name]["outputs"][0])
    return [f"c{k}" for k in range(max(units, 2))]


def probabilities(folder, model, sequences):
    fasta, output = folder / "q.fa", folder / "q.parquet"
    fasta.write_text("".join(f">r{i}\n{s}\n" for i, s in enumerate(sequences)))
    predict_query(fasta, model, [output, folder / "q.tsv.gz"], machine=MachineConfig(device="cpu"))
    return pd.read_parquet(output).filter(like="probability_").to_numpy()


def predicted(folder, path, name, **options):
    case = EXPECTED[name]
    model = folder / "model.safetensors"
    settings = {"alphabet": case["alphabet"], "classes": classes_of(name)}
    import_keras(path, model, **(settings | {"symbols": case["symbols"]} | options))
    return probabilities(folder, model, case["sequences"])


def wanted(name):
    outputs = np.array(EXPECTED[name]["outputs"])
    return np.hstack([1 - outputs, outputs]) if outputs.shape[1] == 1 else outputs


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_predictions_are_those_of_keras(tmp_path, name):
    found = predicted(tmp_path, FOLDER / name, name)
    np.testing.assert_allclose(found, wanted(name), atol=1e-6)
    card = read_card(tmp_path / "model.safetensors")
    assert card["imported"]["from"] == f"Keras {EXPECTED[name]['keras']}"
    assert card["imported"]["file"] == name
    assert card["model"] == name.split(".")[0]


def test_weights_alone_need_the_architecture(tmp_path):
    with zipfile.ZipFile(FOLDER / "gru.keras") as archive:
        weights, config = (archive.read(n) for n in ("model.weights.h5", "config.json"))
    (tmp_path / "gru.weights.h5").write_bytes(weights)
    (tmp_path / "gru.json").write_bytes(config)
    found = predicted(
        tmp_path, tmp_path / "gru.weights.h5", "gru.keras", architecture=tmp_path / "gru.json"
    )
    np.testing.assert_allclose(found, wanted("gru.keras"), atol=1e-6)
    with pytest.raises(InputError, match="--architecture"):
        predicted(tmp_path, tmp_path / "gru.weights.h5", "gru.keras")


def test_older_weights_alone(tmp_path):
    """``save_weights("x.h5")``: the groups of ``model_weights``, one level up."""
    with h5py.File(FOLDER / "keras2.h5") as whole, h5py.File(tmp_path / "w.h5", "w") as alone:
        for name, group in whole["model_weights"].items():
            whole.copy(group, alone, name)
        (tmp_path / "a.json").write_text(whole.attrs["model_config"])
    found = predicted(tmp_path, tmp_path / "w.h5", "keras2.h5", architecture=tmp_path / "a.json")
    np.testing.assert_allclose(found, wanted("keras2.h5"), atol=1e-6)


def test_wrong_symbols_would_show(tmp_path):
    """The columns matter: the test above is not blind to them."""
    found = predicted(tmp_path, FOLDER / "gru.keras", "gru.keras", symbols="ACGT")
    assert np.abs(found - wanted("gru.keras")).max() > 1e-3


def test_a_column_that_no_residue_has(tmp_path, capsys):
    found = predicted(tmp_path, FOLDER / "lstm.keras", "lstm.keras", symbols="NACGU")
    np.testing.assert_allclose(found, wanted("lstm.keras"), atol=1e-6)
    assert "columns of N are left out" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("gru.keras", {"symbols": "ACGTN"}, "4 columns, but --symbols has 5"),
        ("gru.keras", {"symbols": "ACGG"}, "'G' must appear in it once"),
        ("gru.keras", {"alphabet": "protein", "symbols": None}, "4 columns, but --symbols has 20"),
        ("gru.keras", {"classes": ["a", "b"]}, "2 --class given, but the Dense layer has 3 units"),
        ("gru.keras", {"classes": ["a", "b", "a"]}, "a different name"),
        ("rnn.keras", {"classes": ["yes"]}, "one sigmoid unit, which means two classes"),
    ],
)
def test_what_the_user_says_must_fit(tmp_path, name, options, said):
    with pytest.raises(InputError, match=said):
        predicted(tmp_path, FOLDER / name, name, **options)


def archive(path, **members):
    with zipfile.ZipFile(path, "w") as target:
        for name, content in members.items():
            target.writestr(name.replace("_", ".", name.count("_")), content)
    return path


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"neither", "neither a .keras archive nor an HDF5 file"),
        (None, "no such file"),
        ({"config_json": "{}"}, "contains no model.weights.h5"),
        ({"config_json": "{", "model_weights_h5": ""}, "config.json: not JSON"),
        ({"config_json": '{"config": 3}', "model_weights_h5": ""}, "damaged"),
    ],
)
def test_files_that_are_no_model(tmp_path, content, said):
    path = tmp_path / "m.keras"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        archive(path, **content)
    with pytest.raises(InputError, match=said) as caught:
        import_keras(path, tmp_path / "o", alphabet="dna", classes=["a", "b"])
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_every_cut_of_a_file_is_one_line(tmp_path):
    whole = (FOLDER / "rnn.keras").read_bytes()
    hdf5 = (FOLDER / "lstm.h5").read_bytes()
    for content in (whole, hdf5):
        for share in (0.1, 0.5, 0.9, 0.99):
            path = tmp_path / "m.keras"
            path.write_bytes(content[: int(len(content) * share)])
            with pytest.raises(InputError, match=str(path)):
                import_keras(path, tmp_path / "o", alphabet="dna", classes=["a", "b"])


def test_a_layer_without_its_weights_is_named(tmp_path):
    with zipfile.ZipFile(FOLDER / "rnn.keras") as source:
        config, weights = (source.read(n) for n in ("config.json", "model.weights.h5"))
    buffer = io.BytesIO(weights)
    with h5py.File(buffer, "a") as h5:
        del h5["layers/simple_rnn/cell/vars/2"]
    path = archive(tmp_path / "m.keras", config_json=config, model_weights_h5=buffer.getvalue())
    with pytest.raises(InputError, match=r"\(SimpleRNN\): 3 arrays of floats are needed"):
        import_keras(path, tmp_path / "o", alphabet="protein", classes=["a", "b"])


def test_the_command(cli, tmp_path):
    case = EXPECTED["gru.keras"]
    words = ["import-keras", FOLDER / "gru.keras", "--alphabet", "dna", "--symbols", "TCGA"]
    done = cli(*words, "--class", "a", "--class", "b", "--class", "c", "-o", "m.safetensors")
    assert done.code == 0, done.err
    assert "2 bidirectional gru layers of 3 units, max pooling, 3 classes" in done.err
    (tmp_path / "q.fa").write_text(f">r\n{case['sequences'][2]}\n")
    shown = cli("predict", "q.fa", "--model", "m.safetensors", "-o", "q.parquet")
    assert shown.code == 0, shown.err
    assert "imported from Keras 3.15.1 (gru.keras)" in shown.err
    found = pd.read_parquet(tmp_path / "q.parquet").filter(like="probability_").to_numpy()
    np.testing.assert_allclose(found[0], case["outputs"][2], atol=1e-6)
    refused = cli(*words, "--class", "a", "-o", "n.safetensors")
    assert refused.code == 2
    assert refused.err.count("\n") == 1
    assert not (tmp_path / "n.safetensors").exists()
