from __future__ import annotations

import gzip
import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import torch
from conftest import encode, pack

from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.config.models import ModelConfig
from bioseqrnn.fasta.sources import Source
from bioseqrnn.inference.needs import bytes_per_residue
from bioseqrnn.inference.network import predict_packed
from bioseqrnn.networks.classifier import SequenceClassifier
from bioseqrnn.networks.store import load_model, save_model
from bioseqrnn.onehot.alphabet import DNA
from bioseqrnn.stages.prediction.formats import FORMATS
from bioseqrnn.stages.prediction.formats.writer import Writer
from bioseqrnn.stages.prediction.run import predict_query
from bioseqrnn.stages.prediction.seen import SeenSequences
from bioseqrnn.support.errors import InputError
from bioseqrnn.tasks import TASKS

# of a network alone, which has no limits of prediction sets
ADDED = ["domain", "domain_reason", "status", "reason"]


@pytest.fixture
def model(tmp_path):
    torch.manual_seed(4)
    config = ModelConfig(cell="gru", hidden_size=6, stem_filters=4)
    card = {
        "alphabet": "dna", "symbols": "ACGT", "classes": ["a", "b", "c"], "task": "multiclass",
        "config": config.model_dump(), "model": "gru", "trained_on": 10,
    }  # fmt: skip
    path = tmp_path / "model.safetensors"
    save_model(path, SequenceClassifier(config, 4, 3), card)
    return path


def predict(folder, model):
    count = predict_query(
        folder / "q.fa",
        model,
        [folder / "q.parquet", folder / "q.tsv.gz"],
        machine=MachineConfig(device="cpu"),
    )
    return count, pq.read_table(folder / "q.parquet").to_pandas()


def random_fasta(count):
    rng = np.random.default_rng(3)
    return [
        (f"r{i}", "".join(rng.choice(list("ACGTN"), rng.integers(1, 120)))) for i in range(count)
    ]


def test_one_row_a_record_in_input_order(tmp_path, model, monkeypatch):
    monkeypatch.setattr("bioseqrnn.inference.records.BLOCK_RESIDUES", 1000)
    records = random_fasta(700)
    (tmp_path / "q.fa").write_text("".join(f">{n} note\n{s}\n" for n, s in records))
    count, frame = predict(tmp_path, model)
    assert count == len(frame) == 700
    assert frame["id"].tolist() == [name for name, _ in records]
    assert frame["length"].tolist() == [len(sequence) for _, sequence in records]
    columns = [f"probability_{c}" for c in "abc"]
    assert list(frame) == ["id", "length", "call", *columns, *ADDED]
    assert set(frame["status"]) == {"predicted"}
    assert frame["reason"].isna().all()
    probability = frame[columns].to_numpy()
    np.testing.assert_allclose(probability.sum(axis=1), 1, rtol=1e-12)
    assert frame["call"].tolist() == [list("abc")[k] for k in probability.argmax(axis=1)]
    with gzip.open(tmp_path / "q.tsv.gz", "rt") as handle:
        text = pd.read_csv(handle, sep="\t")
    assert text["id"].tolist() == frame["id"].tolist()
    np.testing.assert_allclose(text[columns], probability, atol=1e-6)
    metadata = json.loads(pq.read_schema(tmp_path / "q.parquet").metadata[b"bioseqrnn"])
    assert metadata["records"] == 700


def test_a_record_does_not_depend_on_its_company(tmp_path, model):
    records = random_fasta(50)
    (tmp_path / "q.fa").write_text("".join(f">{n}\n{s}\n" for n, s in records))
    _, together = predict(tmp_path, model)
    for i in (0, 17, 49):
        (tmp_path / "q.fa").write_text(f">{records[i][0]}\n{records[i][1]}\n")
        _, alone = predict(tmp_path, model)
        assert alone["probability_b"][0] == together["probability_b"][i]


def test_same_bytes_twice(tmp_path, model):
    (tmp_path / "q.fa").write_text("".join(f">{n}\n{s}\n" for n, s in random_fasta(20)))
    predict(tmp_path, model)
    first = [(tmp_path / name).read_bytes() for name in ("q.parquet", "q.tsv.gz")]
    predict(tmp_path, model)
    assert first == [(tmp_path / name).read_bytes() for name in ("q.parquet", "q.tsv.gz")]


def test_odd_and_repeated_ids_survive(tmp_path, model):
    ids = ['a"b', "<b>x</b>", "$(id)", "twice", "twice"]
    (tmp_path / "q.fa").write_text("".join(f">{name}\nACGT\n" for name in ids))
    _, frame = predict(tmp_path, model)
    assert frame["id"].tolist() == ids
    assert pd.read_csv(tmp_path / "q.tsv.gz", sep="\t")["id"].tolist() == ids


def test_a_bad_file_leaves_no_table(tmp_path, model):
    (tmp_path / "q.fa").write_bytes(b">1\nACGT\n>caf\xe9\nACGT\n")
    with pytest.raises(InputError, match=r"q\.fa: line 3, byte 5 .* not UTF-8 text"):
        predict(tmp_path, model)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["model.safetensors", "q.fa"]


def test_records_of_the_training_are_told(tmp_path, model, capfd):
    (tmp_path / "a.fa").write_text(">1\nACGTA\n>2\nNNACGG\n")
    (tmp_path / "b.fa").write_text(">3\nTTTTT\n")
    encode(tmp_path, [Source(tmp_path / "a.fa", "a"), Source(tmp_path / "b.fa", "b")])
    (tmp_path / "q.fa").write_text(">x\nacgta\n>y\nTACGT\n>z\nACGTC\n>w\nCCGTNN\n>v\nACGT\n")
    predict_query(
        tmp_path / "q.fa",
        model,
        [tmp_path / "q.parquet", tmp_path / "q.tsv.gz"],
        machine=MachineConfig(device="cpu"),
        sequences=tmp_path / "sequences.parquet",
    )
    frame = pq.read_table(tmp_path / "q.parquet").to_pandas()
    # as it stands, as the other strand, not, as the other strand, a part of one only
    assert frame["in_training"].tolist() == [True, True, False, True, False]
    assert "q.fa: 3 of them were used to train the model" in capfd.readouterr().err


def test_the_table_of_another_model_is_refused(tmp_path):
    (tmp_path / "a.fa").write_text(">1\nACGTA\n")
    (tmp_path / "b.fa").write_text(">3\nTTTTT\n")
    table = encode(tmp_path, [Source(tmp_path / "a.fa", "a"), Source(tmp_path / "b.fa", "b")])
    path = tmp_path / "sequences.parquet"
    SeenSequences(path, {"alphabet": "dna", "sources": table.metadata["sources"]})
    with pytest.raises(InputError, match="was not trained on this table \\(alphabet differ"):
        SeenSequences(path, {"alphabet": "protein"})
    with pytest.raises(InputError, match="was not trained on this table \\(sources differ"):
        SeenSequences(path, {"alphabet": "dna", "sources": {"a.fa": "0"}})


def model_of(folder, task, classes, **card):
    """A small untrained network of a task, and its uncalibrated scores for q.fa."""
    torch.manual_seed(4)
    config = ModelConfig(cell="gru", hidden_size=6, stem_filters=4)
    given = {
        "alphabet": "dna", "symbols": "ACGT", "classes": classes, "task": task,
        "config": config.model_dump(), "model": "gru", "trained_on": 10,
    }  # fmt: skip
    path = folder / f"{task}.safetensors"
    network = SequenceClassifier(config, 4, TASKS[task].outputs(classes), TASKS[task])
    save_model(path, network, given | card)
    return path


def query(folder, count=60):
    (folder / "q.fa").write_text("".join(f">{n}\n{s}\n" for n, s in random_fasta(count)))


def test_probabilities_are_calibrated_and_calls_made_by_the_threshold(tmp_path):
    query(tmp_path)
    _, plain = predict(tmp_path, model_of(tmp_path, "binary", ["no", "yes"]))
    threshold = float(plain["probability_yes"].quantile(0.7))
    logits = np.log(plain["probability_yes"] / plain["probability_no"]) / 0.1
    expected = 1 / (1 + np.exp(-logits))
    # in calibrated probabilities
    threshold = float(expected.quantile(0.7))
    card = {"temperature": 0.1, "thresholds": {"yes": threshold}}
    _, cold = predict(tmp_path, model_of(tmp_path, "binary", ["no", "yes"], **card))
    np.testing.assert_allclose(cold["probability_yes"], expected, rtol=1e-9)
    np.testing.assert_allclose(cold["probability_yes"] + cold["probability_no"], 1)
    called = np.where(cold["probability_yes"] >= threshold, "yes", "no")
    assert cold["call"].tolist() == called.tolist()
    assert 10 <= (called == "yes").sum() <= 25
    # a row of the text says why it is called so
    text = pd.read_csv(tmp_path / "q.tsv.gz", sep="\t")
    assert text["threshold_yes"].tolist() == pytest.approx([threshold] * 60, abs=1e-6)
    assert list(text) == [
        "id", "length", "call", "probability_no", "probability_yes", "threshold_yes", *ADDED,
    ]  # fmt: skip
    # other than the most probable class would have it
    assert (called != np.where(cold["probability_yes"] >= 0.5, "yes", "no")).any()


def test_labels_are_joined(tmp_path):
    query(tmp_path)
    labels = ["x", "y", "z"]
    _, plain = predict(tmp_path, model_of(tmp_path, "multilabel", labels))
    columns = [f"probability_{name}" for name in labels]
    limits = [f"threshold_{name}" for name in labels]
    assert list(plain) == ["id", "length", "call", *columns, *limits, *ADDED]
    assert (plain[limits] == 0.5).all(axis=None)
    thresholds = {name: float(plain[f"probability_{name}"].median()) for name in labels[:2]}
    _, frame = predict(tmp_path, model_of(tmp_path, "multilabel", labels, thresholds=thresholds))
    least = np.array([thresholds["x"], thresholds["y"], 0.5])
    assert (frame[limits] == least).all(axis=None)
    held = frame[columns].to_numpy() >= least
    expected = [";".join(n for n, h in zip(labels, row, strict=True) if h) for row in held]
    assert frame["call"].tolist() == expected
    assert len(set(expected)) > 2


def test_a_number_is_predicted_as_it_is(tmp_path):
    query(tmp_path)
    _, frame = predict(tmp_path, model_of(tmp_path, "regression", [], temperature=None))
    assert list(frame) == ["id", "length", "value", *ADDED]
    assert frame["value"].nunique() > 40
    text = pd.read_csv(tmp_path / "q.tsv.gz", sep="\t")
    np.testing.assert_allclose(text["value"], frame["value"], atol=1e-6)


def test_conversions_are_said_as_by_encode(tmp_path, model, capfd):
    text = ">a\nAC-GT..AC\nacgu\n; note\n>b\nACGTACGTRYN\n>c\nMKRSHTGKRNVS\n"
    (tmp_path / "q.fa").write_text(text)
    (tmp_path / "other.fa").write_text(">d\nACGT\n")
    predict(tmp_path, model)
    said = [line for line in capfd.readouterr().err.splitlines() if "q.fa" in line]
    sources = [Source(tmp_path / "q.fa", "x"), Source(tmp_path / "other.fa", "y")]
    encode(tmp_path, sources, where="q.fa", alphabet="dna")
    line, warning, _ = (
        line.replace(" (intake.tsv lists the files)", "")
        for line in capfd.readouterr().err.splitlines()
        if "q.fa" in line
    )
    assert said[:2] == [line, warning]
    assert line.startswith("q.fa: converted or left out: 1 comment lines, 3 gaps, 4 lower case")
    assert warning.startswith("warning: q.fa: 1 record is read as DNA, although most letters")


def test_sequences_of_lengths_never_trained_on_are_warned_of(tmp_path, capfd):
    records = {"ok": 57, "short1": 3, "short2": 4, "short3": 5, "short4": 56, "long": 4000}
    (tmp_path / "q.fa").write_text("".join(f">{n}\n{'A' * k}\n" for n, k in records.items()))
    path = model_of(tmp_path, "binary", ["no", "yes"], trained_lengths=[57, 57])
    assert predict(tmp_path, path)[0] == 6
    warned = [line for line in capfd.readouterr().err.splitlines() if "warning" in line]
    assert warned == [
        "warning: q.fa: 4 records are shorter than all records that the model was trained on (57 "
        "residues): 'short1' (3), 'short2' (4), 'short3' (5) and 1 more; its calls for such "
        "records were never tested",
        "warning: q.fa: 1 record is longer than all records that the model was trained on (57 "
        "residues): 'long' (4,000); its calls for such records were never tested",
    ]
    # a card of an earlier version does not say
    predict(tmp_path, model_of(tmp_path, "binary", ["no", "yes"]))
    assert "warning" not in capfd.readouterr().err


def test_a_record_too_long_for_the_memory_is_refused_before_it_is_taken(tmp_path, monkeypatch):
    (tmp_path / "q.fa").write_text(f">short\nACGT\n>long one\n{'ACGT' * 300_000}\n")
    path = model_of(tmp_path, "binary", ["no", "yes"])
    network, _ = load_model(path, torch.device("cpu"))
    needed = bytes_per_residue(network) * 1_200_000
    monkeypatch.setattr("bioseqrnn.inference.needs.free_memory", lambda: needed - 1)
    message = r"q\.fa: record 'long' has 1,200,000 residues, which need about 0\.\d GB of memory"
    with pytest.raises(InputError, match=message):
        predict(tmp_path, path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["binary.safetensors", "q.fa"]
    # so do all other stages that read a record at once
    packed = pack(["ACGT" * 300_000], DNA)
    with pytest.raises(InputError, match="a sequence has 1,200,000 residues"):
        predict_packed(network, packed, DNA, np.arange(1), torch.device("cpu"))
    monkeypatch.setattr("bioseqrnn.inference.needs.free_memory", lambda: needed)
    assert predict(tmp_path, path)[0] == 2


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_what_a_long_record_takes_is_not_told_too_low(cell):
    """Measured in a process of its own: the peak, and what was there before."""
    script = f"""
from pathlib import Path
import torch
from bioseqrnn.config.models import ModelConfig
from bioseqrnn.support.memory import _field
from bioseqrnn.networks.classifier import SequenceClassifier
from bioseqrnn.inference.needs import bytes_per_residue
torch.set_num_threads(1)
config = ModelConfig(cell="{cell}", stem_pool=2, reverse_complement="none", positions=0, memory=0)
network = SequenceClassifier(config, 4, 2).eval()
x = torch.zeros(1, 200_000, 4)
status = Path("/proc/self/status")
with torch.no_grad():
    # which compiles
    network.scores(x[:, :1000], torch.tensor([1000]))
    before = _field(status, "VmRSS:")
    Path("/proc/self/clear_refs").write_text("5")
    network.scores(x, torch.tensor([200_000]))
print((_field(status, "VmHWM:") - before) / 200_000, bytes_per_residue(network))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    taken, told = map(float, done.stdout.split())
    assert taken / 1.3 < told < 3 * taken


class IdWriter(Writer):
    """Ids as plain text, and the number of records at the end."""

    def __init__(self, path, content, files):
        self._text = files.enter_context(path.open("w"))

    def write(self, rows, part):
        self._text.writelines(f"{name}\n" for name in rows["id"].to_pylist())

    def finish(self, metadata):
        self._text.write(f"{metadata['records']}\n")


def test_a_new_format_is_one_class_and_one_line(tmp_path, model, monkeypatch):
    (tmp_path / "q.fa").write_text(">a\nACGT\n>b\nACG\n")
    monkeypatch.setitem(FORMATS, ".ids", IdWriter)
    outputs = [tmp_path / "q.ids", tmp_path / "q.parquet"]
    predict_query(tmp_path / "q.fa", model, outputs, machine=MachineConfig(device="cpu"))
    assert outputs[0].read_text() == "a\nb\n2\n"
    assert pq.read_table(outputs[1])["id"].to_pylist() == ["a", "b"]


def test_a_file_of_no_known_format_is_refused_before_anything_is_written(tmp_path, model):
    (tmp_path / "q.fa").write_text(">a\nACGT\n")
    before = sorted(tmp_path.iterdir())
    outputs = [tmp_path / "q.parquet", tmp_path / "q.csv"]
    said = r"q\.csv: .* must end in \.parquet, \.tsv, \.tsv\.gz, .* or \.gff3\.gz, or be -"
    with pytest.raises(InputError, match=said):
        predict_query(tmp_path / "q.fa", model, outputs, machine=MachineConfig(device="cpu"))
    assert sorted(tmp_path.iterdir()) == before
