"""The same bytes, whatever else is in the batch and whoever does the work."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from engine_cases import DTYPES, LAYERS, build, engine_pass, ragged, values_of
from hypothesis import given
from hypothesis import strategies as st

from bioseqrnn.networks.engine import layer as layer_module
from bioseqrnn.networks.engine.buffers import POOL
from bioseqrnn.networks.engine.plan import GROUPS, TILE, share

cells = pytest.mark.parametrize("cell", LAYERS)
dtypes = pytest.mark.parametrize("dtype", DTYPES.values(), ids=DTYPES)
TIME, INPUTS = 9, 5


@pytest.fixture(autouse=True)
def threads():
    """Puts the number of threads back."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def example(cell, batch, dtype=torch.float32, hidden=19):
    torch.manual_seed(5)
    layer = build(cell, INPUTS, hidden, dtype=dtype, num_layers=2, bidirectional=True)
    x = torch.randn(batch, TIME, INPUTS, dtype=dtype)
    return layer, x, ragged(batch, TIME)


@cells
@dtypes
def test_any_number_of_threads(cell, dtype):
    # groups of one and of two tiles, the last of them not full
    layer, x, lengths = example(cell, TILE * (GROUPS + 2) - 3, dtype)
    torch.set_num_threads(1)
    alone = engine_pass(layer, x, lengths)
    for count in (2, 3, 5):
        torch.set_num_threads(count)
        assert engine_pass(layer, x, lengths).same_bytes(alone)


def backwards(jobs, threads):
    return [np.ascontiguousarray(dealt[::-1]) for dealt in share(jobs, threads)][::-1]


def shuffled(jobs, threads):
    return np.array_split(np.random.default_rng(6).permutation(len(jobs)), min(3, len(jobs)))


def one_each(jobs, threads):
    return [np.array([job]) for job in range(len(jobs))]


@cells
@pytest.mark.parametrize("deal", [backwards, shuffled, one_each], ids=lambda deal: deal.__name__)
def test_any_deal_of_the_jobs(cell, deal, monkeypatch):
    layer, x, lengths = example(cell, TILE * (GROUPS + 2) - 3)
    torch.set_num_threads(2)
    usual = engine_pass(layer, x, lengths)
    dealt = []

    def other(jobs, threads):
        dealt.append(deal(jobs, threads))
        return dealt[-1]

    monkeypatch.setattr(layer_module, "share", other)
    assert engine_pass(layer, x, lengths).same_bytes(usual)
    # forward and backward, of two layers, two directions each
    assert [sum(map(len, jobs)) for jobs in dealt] == 2 * [2 * (GROUPS + 2)] + 2 * [2 * GROUPS]


@cells
@given(data=st.data())
def test_a_sequence_alone_and_among_others(cell, data):
    batch = data.draw(st.integers(2, 2 * TILE + 5))
    hidden = data.draw(st.integers(1, 40))
    layer, x, lengths = example(cell, batch, hidden=hidden)
    with torch.no_grad():
        together = values_of(*layer(x, lengths))
        row = data.draw(st.integers(0, batch - 1))
        length = int(lengths[row])
        padding = data.draw(st.integers(0, TIME - length))
        alone = values_of(*layer(x[row : row + 1, : length + padding], lengths[row : row + 1]))
    ends = [t[row, :length] if t is together[0] else t[:, row] for t in together]
    found = [t[0, :length] if t is alone[0] else t[:, 0] for t in alone]
    for expected, value in zip(ends, found, strict=True):
        assert expected.numpy().tobytes() == value.numpy().tobytes()


@cells
@dtypes
def test_memory_is_used_again_but_never_read_before_it_is_written(cell, dtype, monkeypatch):
    layer, x, lengths = example(cell, TILE + 3, dtype)
    first = engine_pass(layer, x, lengths)
    take, taken = POOL.take, []

    def poisoned(count, dtype):
        array = take(count, dtype)
        array.fill(np.nan)
        taken.append(count)
        return array

    with monkeypatch.context() as patch:
        patch.setattr(POOL, "take", poisoned)
        assert engine_pass(layer, x, lengths).same_bytes(first)
    assert sum(taken) > x.numel()
    # now on what the run before left, in memory that was another size's
    other = engine_pass(layer, x[:7], lengths[:7])
    assert engine_pass(layer, x, lengths).same_bytes(first)
    assert engine_pass(layer, x[:7], lengths[:7]).same_bytes(other)
