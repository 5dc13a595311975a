"""Predictions of networks per position: windows stitched, stretches, calls, runs."""

from __future__ import annotations

import gzip
import json

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import torch
from conftest import encode, pack, write_exons

from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.config.models import ModelConfig
from bioseqrnn.fasta.sources import Source
from bioseqrnn.inference.network import predict_packed, predict_stretches
from bioseqrnn.networks.classifier import SequenceClassifier
from bioseqrnn.networks.store import save_model
from bioseqrnn.onehot.alphabet import DNA
from bioseqrnn.stages.prediction.run import predict_query
from bioseqrnn.tasks import task_of

CPU = torch.device("cpu")
ADDED = ["domain", "domain_reason", "status", "reason"]
WINDOW, OVERLAP = 40, 14


def network(task="per_position", outputs=3, **settings):
    torch.manual_seed(5)
    config = {"cell": "gru", "hidden_size": 6, "stem_filters": 4, "positions": 8}
    config |= {"window": WINDOW, "window_overlap": OVERLAP} | settings
    return SequenceClassifier(ModelConfig(**config), 4, outputs, task_of(task)).eval(), config


@pytest.fixture(scope="module")
def bases(tmp_path_factory):
    """A contig of 600 real bases."""
    path = write_exons(tmp_path_factory.mktemp("bases") / "exons.fa", 1, 10)
    return path.read_text().split()[1]


def scores_of(net, sequences):
    packed = pack(sequences, DNA)
    return predict_packed(net, packed, DNA, np.arange(len(packed)), CPU)


@torch.no_grad()
def direct(net, sequence):
    """What the network itself says of a whole sequence."""
    onehot = torch.eye(4)[["ACGT".index(base) for base in sequence]]
    return net.scores(onehot[None], torch.tensor([len(sequence)])).numpy()


@pytest.mark.parametrize("step", [1, 3])
@pytest.mark.parametrize("length", [1, 2, WINDOW - 1, WINDOW])
def test_a_record_that_fits_is_read_whole(bases, length, step):
    net, _ = network(residues_per_step=step)
    scores = scores_of(net, [bases[:length]])
    assert scores.shape == (length, 3)
    np.testing.assert_allclose(scores, direct(net, bases[:length]), atol=1e-6)


@pytest.mark.parametrize("length", [WINDOW + 1, WINDOW + 2, 67, 200])
def test_windows_are_averaged_by_their_distance_from_the_end(bases, length):
    """Counted again in the plainest way."""
    net, _ = network()
    starts = list(range(0, length - WINDOW, WINDOW - OVERLAP))
    starts += [(length - WINDOW + 1) // 2 * 2]
    sums, weights = np.zeros((length, 3)), np.zeros(length)
    for start in sorted(set(starts)):
        part = bases[start : min(start + WINDOW, length)]
        for place, row in enumerate(direct(net, part)):
            weight = min(place + 1, len(part) - place)
            sums[start + place] += weight * row
            weights[start + place] += weight
    expected = sums / weights[:, None]
    np.testing.assert_allclose(scores_of(net, [bases[:length]]), expected, atol=1e-6)
    np.testing.assert_allclose(expected.sum(axis=1), 1, atol=1e-6)


def test_a_record_does_not_depend_on_its_company(bases):
    net, _ = network(residues_per_step=3)
    parts = [bases[:211], bases[211:212], bases[212:252], bases[252:600]]
    together = scores_of(net, parts)
    alone = np.concatenate([scores_of(net, [part]) for part in parts])
    np.testing.assert_allclose(together, alone, atol=1e-6)


@pytest.mark.parametrize("residues", [30, 100, 599, 10_000])
def test_stretches_are_parts_of_the_whole(bases, residues):
    net, _ = network()
    packed = pack([bases], DNA)
    starts, parts = zip(*predict_stretches(net, packed, DNA, CPU, residues), strict=True)
    ends = np.cumsum([len(part) for part in parts])
    assert list(starts) == [0, *ends[:-1]]
    np.testing.assert_allclose(np.concatenate(parts), scores_of(net, [bases]), atol=1e-12)
    if residues == 100:
        assert len(parts) == 6


@pytest.mark.parametrize("step", [2, 3, 5])
def test_steps_of_several_residues_see_no_padding(bases, step):
    net, _ = network(residues_per_step=step, window=None)
    x = torch.zeros(3, 33, 4)
    lengths = torch.tensor([33, 1, 17])
    for row, length in enumerate(lengths):
        x[row, :length] = torch.eye(4)[["ACGT".index(base) for base in bases[:length]]]
    outputs = net(x, lengths)
    assert outputs.shape == (3, 33, 3)
    more = net(torch.nn.functional.pad(x, (0, 0, 0, 8)), lengths)
    for row, length in enumerate(lengths):
        alone = net(x[row : row + 1, :length], lengths[row : row + 1])
        torch.testing.assert_close(alone[0], outputs[row, :length], atol=1e-6, rtol=0)
        torch.testing.assert_close(more[row, :length], outputs[row, :length], atol=1e-6, rtol=0)


@pytest.mark.parametrize("length", [1, 17, WINDOW, WINDOW + 2])
def test_the_other_strand_has_the_opposite_classes(bases, length):
    """Read from the other side, a base has the same probabilities, two classes swapped.

    Also of sequences cut in windows, where the cuts stand alike from both sides.
    """
    net, _ = network(residues_per_step=1, positions=0, reverse_complement="average")
    for parameter in net.parameters():
        torch.nn.init.normal_(parameter)
    net.opposite.copy_(torch.tensor([2, 1, 0]))
    sequence = bases[:length]
    other = sequence[::-1].translate(str.maketrans("ACGT", "TGCA"))
    # in company that pads it
    here = scores_of(net, [sequence, bases[:WINDOW]])[:length]
    there = scores_of(net, [other, bases[:WINDOW]])[:length]
    np.testing.assert_allclose(here, there[::-1, [2, 1, 0]], atol=1e-5)
    assert np.abs(here - there).max() > 1e-3


def save(path, task, classes, **settings):
    net, config = network(task, task_of(task).outputs(classes), **settings)
    # far from undecided
    for parameter in net.parameters():
        torch.nn.init.normal_(parameter)
    card = {
        "alphabet": "dna", "symbols": "ACGT", "classes": classes, "task": task, "config": config,
        "model": "m", "trained_on": 10,
    }  # fmt: skip
    save_model(path / "model.safetensors", net, card)
    return net


def predict(folder, **more):
    """Write tables of ``q.fa``, and read them."""
    count = predict_query(
        folder / "q.fa",
        folder / "model.safetensors",
        [folder / "q.parquet", folder / "q.tsv.gz", folder / "q.bed.gz"],
        machine=MachineConfig(device="cpu"),
        **more,
    )
    # an id may be a number
    text = pd.read_csv(folder / "q.tsv.gz", sep="\t", dtype={"id": str}, keep_default_na=False)
    return count, pq.read_table(folder / "q.parquet").to_pandas(), text


def runs_of(folder):
    """Lines of the BED file, and the calls that they tell, by record."""
    lines = gzip.decompress((folder / "q.bed.gz").read_bytes()).decode().splitlines()
    calls: dict[str, str] = {}
    for line in lines:
        name, start, end, label, _, strand = line.split("\t")
        own = calls.setdefault(name, "")
        assert (len(own), strand) == (int(start), ".")
        assert not own.endswith(label)
        calls[name] += label * (int(end) - int(start))
    return lines, calls


def test_tables_and_runs_of_residues(tmp_path, bases):
    net = save(tmp_path, "per_position", ["E", "I", "N"])
    records = {"1": bases[:5], "long": bases, "2": bases[:300], "3": "A"}
    (tmp_path / "q.fa").write_text("".join(f">{n}\n{s}\n" for n, s in records.items()))
    count, frame, text = predict(tmp_path)
    assert count == 4
    assert frame["id"].tolist() == list(records)
    assert frame["length"].tolist() == [5, 600, 300, 1]
    assert text.columns.tolist() == ["id", "start", "length", "call", *ADDED]
    assert text["call"].tolist() == frame["call"].tolist()
    rows = [np.concatenate(frame[f"probability_{name}"]) for name in "EIN"]
    scores = np.stack(rows, axis=1)
    np.testing.assert_allclose(scores, scores_of(net, list(records.values())), atol=1e-6)
    assert "".join(frame["call"]) == "".join("EIN"[code] for code in scores.argmax(axis=1))
    lines, calls = runs_of(tmp_path)
    assert calls == dict(zip(frame["id"], frame["call"], strict=True))
    for line in lines:
        name, start, end, label, score, _ = line.split("\t")
        if name == "long":
            mean = scores[5 + int(start) : 5 + int(end), "EIN".index(label)].mean()
            assert int(score) == pytest.approx(1000 * mean, abs=0.51)


def test_a_long_record_takes_several_rows(tmp_path, bases, monkeypatch):
    """With the calls and runs that it has in one."""
    save(tmp_path, "per_position", ["E", "I", "N"])
    (tmp_path / "q.fa").write_text(f">long\n{bases}\n")
    _, whole, _ = predict(tmp_path)
    runs = runs_of(tmp_path)
    monkeypatch.setattr("bioseqrnn.inference.records.STRETCH_RESIDUES", 250)
    count, frame, text = predict(tmp_path)
    assert (count, len(whole), len(frame), len(text)) == (1, 1, 3, 3)
    assert json.loads(pq.read_schema(tmp_path / "q.parquet").metadata[b"bioseqrnn"])["records"] == 1
    assert frame["start"].tolist() == [0, *frame["length"].cumsum()[:-1]]
    assert "".join(frame["call"]) == whole["call"][0]
    assert runs_of(tmp_path) == runs
    for name in "EIN":
        parts = np.concatenate(frame[f"probability_{name}"])
        np.testing.assert_allclose(parts, whole[f"probability_{name}"][0], atol=1e-6)


def test_blocks_of_a_known_genome_are_told(tmp_path, bases):
    """The table of the training has blocks; a query that is the genome is no new sequence."""
    labels = ("EIN" * 200)[: len(bases)]
    (tmp_path / "a.txt").write_text(f">chr\n{bases}\n{labels}\n")
    encode(tmp_path, [Source(tmp_path / "a.txt")], task="per_position", alphabet="dna", block=100)
    save(tmp_path, "per_position", ["E", "I", "N"])
    (tmp_path / "q.fa").write_text(f">same\n{bases}\n>other\n{bases[7:]}\n>short\n{bases[:9]}\n")
    _, frame, _ = predict(tmp_path, sequences=tmp_path / "sequences.parquet")
    assert frame["in_training"].tolist() == [True, False, False]


def test_labels_of_a_record_are_joined(tmp_path, bases):
    net = save(tmp_path, "multilabel", ["x", "y", "z"])
    parts = [bases[place : place + 30] for place in range(0, 600, 30)]
    (tmp_path / "q.fa").write_text("".join(f">{i}\n{part}\n" for i, part in enumerate(parts)))
    _, frame, text = predict(tmp_path)
    scores = scores_of(net, parts)
    columns = [f"probability_{name}" for name in "xyz"]
    limits = [f"threshold_{name}" for name in "xyz"]
    assert frame.columns.tolist() == [
        "id", "length", "call", *columns, *limits, *ADDED,
    ]  # fmt: skip
    np.testing.assert_allclose(frame[columns], scores, atol=1e-6)
    expected = [";".join(n for n, p in zip("xyz", row, strict=True) if p >= 0.5) for row in scores]
    assert frame["call"].tolist() == expected == text["call"].tolist()
    assert len(set(expected)) > 1
    assert not (tmp_path / "q.bed.gz").exists()


def test_values_are_no_probabilities(tmp_path, bases):
    net = save(tmp_path, "regression", [])
    net.scale.copy_(torch.tensor([3.0, 7.0]))
    card = {"alphabet": "dna", "symbols": "ACGT", "classes": [], "task": "regression"}
    card |= {"config": network()[1], "model": "m", "trained_on": 10}
    save_model(tmp_path / "model.safetensors", net, card)
    (tmp_path / "q.fa").write_text(f">1\n{bases[:50]}\n>2\n{bases[50:70]}\n")
    _, frame, text = predict(tmp_path)
    names = ["id", "length", "value", *ADDED]
    assert frame.columns.tolist() == text.columns.tolist() == names
    np.testing.assert_allclose(frame["value"], scores_of(net, [bases[:50], bases[50:70]])[:, 0])
