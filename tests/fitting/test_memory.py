from __future__ import annotations

import weakref

import numpy as np
import pytest
import torch

from bioseqrnn.config.models import ModelConfig
from bioseqrnn.fitting.loop import train_network
from bioseqrnn.inference.network import predict_packed
from bioseqrnn.inference.processes import Processes
from bioseqrnn.networks.classifier import SequenceClassifier
from bioseqrnn.support.errors import InputError

CPU = torch.device("cpu")
CONFIG = ModelConfig(
    cell="gru", hidden_size=8, stem_filters=8, epochs=2, dropout=0.0, batch_size=48
)


@pytest.fixture
def limit(monkeypatch):
    """Function that lets a network's memory hold so many records: the one thing not real here."""
    forward = SequenceClassifier.forward

    def set_limit(records, error=torch.OutOfMemoryError, said="CUDA out of memory"):
        def limited(network, x, lengths):
            taken.append(len(x))
            if len(x) > records:
                raise error(said)
            return forward(network, x, lengths)

        monkeypatch.setattr(SequenceClassifier, "forward", limited)

    taken = []
    set_limit.taken = taken
    return set_limit


def train(table, device=CPU):
    order = np.random.default_rng(1).permutation(len(table))
    return train_network(
        table, order[:210], order[210:300], CONFIG, seed=1, processes=Processes(device)
    )


def assert_same(one, other):
    assert one.history.columns.equals(other.history.columns)
    np.testing.assert_allclose(one.history, other.history, atol=1e-6)
    for name, weight in one.network.state_dict().items():
        # Adam divides by the size of a gradient: of one near zero it takes the rounding, too
        np.testing.assert_allclose(weight, other.network.state_dict()[name], atol=1e-5)


@pytest.mark.parametrize("records", [1, 7, 47])
def test_parts_of_a_batch_train_like_the_whole(acp, limit, capfd, records):
    whole = train(acp)
    capfd.readouterr()
    limit(records)
    parts = train(acp)
    # the last batch of the pool is not full: parts count by their records
    assert 210 % 48
    assert_same(parts, whole)
    assert "train: out of memory with 48 records of" in capfd.readouterr().err
    assert sum(size > records for size in limit.taken) < 25


def test_what_other_libraries_say_of_it(acp, limit, capfd):
    limit(20, RuntimeError, "GET was unable to find an engine to execute this computation")
    train(acp)
    assert "train: out of memory with 48 records of" in capfd.readouterr().err
    limit(20, RuntimeError, "mat1 and mat2 shapes cannot be multiplied")
    with pytest.raises(RuntimeError, match="mat1"):
        train(acp)


def test_nothing_is_left_of_what_did_not_fit(acp, monkeypatch):
    """An attempt that runs out of memory on its way back holds no tensors during the next one."""
    forward, backward = SequenceClassifier.forward, torch.Tensor.backward
    failed, left = [], []

    def look(network, x, lengths):
        left.extend(loss() is not None for loss in failed)
        return forward(network, x, lengths)

    def fail_once(loss, *words, **more):
        if not failed:
            failed.append(weakref.ref(loss))
            raise torch.OutOfMemoryError("CUDA out of memory")
        backward(loss, *words, **more)

    monkeypatch.setattr(SequenceClassifier, "forward", look)
    monkeypatch.setattr(torch.Tensor, "backward", fail_once)
    train(acp)
    assert left
    assert not any(left)


def test_one_record_that_does_not_fit(acp, limit):
    limit(0)
    with pytest.raises(InputError, match=r"out of memory with a single record of \d+ positions"):
        train(acp)


def test_prediction_in_parts(acp, limit, capfd):
    network = train(acp).network
    rows = np.arange(len(acp))[::-1]
    whole = predict_packed(network, acp.packed, acp.alphabet, rows, CPU)
    capfd.readouterr()
    limit(100)
    parts = predict_packed(network, acp.packed, acp.alphabet, rows, CPU)
    np.testing.assert_allclose(parts, whole, atol=1e-6)
    assert "prediction: out of memory with 512 records of" in capfd.readouterr().err
    limit(0)
    with pytest.raises(InputError, match="out of memory with a single record"):
        predict_packed(network, acp.packed, acp.alphabet, rows, CPU)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_real_gpu_without_room(acp, capfd):
    """A process that may use part of the GPU's memory trains like one that may use all of it."""
    device = torch.device("cuda")
    large = CONFIG.model_copy(update={"hidden_size": 512, "batch_size": 512})
    rows = np.arange(len(acp))
    torch.cuda.reset_peak_memory_stats(device)
    whole = train_network(acp, rows, rows[:9], large, seed=1, processes=Processes(device))
    peak = torch.cuda.max_memory_allocated(device)
    torch.cuda.empty_cache()
    total = torch.cuda.get_device_properties(device).total_memory
    torch.cuda.set_per_process_memory_fraction(0.9 * peak / total)
    try:
        parts = train_network(acp, rows, rows[:9], large, seed=1, processes=Processes(device))
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert "out of memory with 512 records" in capfd.readouterr().err
    np.testing.assert_allclose(whole.history, parts.history, atol=1e-3)
