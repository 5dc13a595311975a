"""Memory that is used again: nobody's twice at a time, and not more than is needed."""

from __future__ import annotations

import tracemalloc
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from engine_cases import LAYERS, build, ragged
from hypothesis import given
from hypothesis import strategies as st

from bioseqrnn.networks.engine.buffers import KEPT_BYTES, POOL, Pool, size_class

FLOAT, DOUBLE = np.dtype(np.float32), np.dtype(np.float64)
cells = pytest.mark.parametrize("cell", LAYERS)


# no array is of fewer bytes
@given(st.integers(4, 2**40), st.integers(4, 2**40))
def test_size_classes(one, other):
    size = size_class(one)
    assert one <= size < one + max(64, one / 4)
    assert size % 64 == 0
    assert size_class(size) == size
    if one <= other:
        assert size <= size_class(other)


def test_few_size_classes():
    for power in range(8, 20):
        sizes = np.unique([size_class(n) for n in range(2**power + 1, 2 ** (power + 1) + 1)])
        assert len(sizes) == 4


@given(st.integers(0, 5000), st.sampled_from([FLOAT, DOUBLE]))
def test_take_gives_what_is_asked_for(count, dtype):
    array = Pool().take(count, dtype)
    assert array.shape == (count,)
    assert array.dtype == dtype
    assert array.flags.c_contiguous
    assert array.flags.writeable


def test_memory_comes_back():
    pool = Pool()
    first, second = pool.take(1000, FLOAT), pool.take(1000, FLOAT)
    address = first.ctypes.data
    assert second.ctypes.data != address
    del first
    # of a like size, for other numbers
    again = pool.take(480, DOUBLE)
    assert again.ctypes.data == address


def test_memory_of_a_tensor_comes_back_with_its_last_view():
    pool = Pool()
    tensor = torch.from_numpy(pool.take(1000, FLOAT))
    address = tensor.data_ptr()
    view = tensor.view(10, 100)[3:, 2]
    del tensor
    assert pool.take(1000, FLOAT).ctypes.data != address
    outside = view.numpy()
    del view
    assert pool.take(1000, FLOAT).ctypes.data != address
    del outside
    assert address in [pool.take(1000, FLOAT).ctypes.data for _ in range(4)]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 700), st.booleans()), max_size=60))
def test_what_is_in_use_is_nobody_elses(steps):
    """Takes and frees in any order, as arrays and as tensors: all keep what was written."""
    pool, held = Pool(), {}
    for number, (place, count, as_tensor) in enumerate(steps):
        if place in held:
            del held[place]
            continue
        array = pool.take(count, FLOAT)
        array.fill(number)
        held[place] = number, torch.from_numpy(array)[1:] if as_tensor else array
        del array
        assert all((np.asarray(kept) == written).all() for written, kept in held.values())


def test_threads_do_not_share():
    pool = Pool()

    def work(number):
        rng = np.random.default_rng(number)
        for _ in range(300):
            arrays = [pool.take(int(rng.integers(500, 700)), FLOAT) for _ in range(3)]
            for array in arrays:
                array.fill(number)
            if not all((array == number).all() for array in arrays):
                return False
        return True

    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(work, range(8)))


def held_after(pool, sizes):
    """Bytes the pool holds once nothing is in use, as the system counts them."""
    tracemalloc.start()
    try:
        for size in sizes:
            pool.take(size, np.dtype(np.uint8))
        pool.take(1, FLOAT)
        return tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


def test_idle_memory_is_bounded():
    # of twenty sizes, one after the other; no byte of it is ever written
    sizes = [2**power * step // 4 for power in range(20, 25) for step in range(4, 8)]
    assert sum(sizes) > 2 * KEPT_BYTES
    assert KEPT_BYTES / 2 < held_after(Pool(), sizes) < KEPT_BYTES + 2**20


@pytest.fixture
def taken(monkeypatch):
    """Arrays that the engine takes from its pool, as weak references, and their bytes."""
    take, arrays = POOL.take, []

    def noted(count, dtype):
        array = take(count, dtype)
        arrays.append((weakref.ref(array), array.nbytes))
        return array

    monkeypatch.setattr(POOL, "take", noted)
    return arrays


def in_use(taken):
    return sum(size for array, size in taken if array() is not None)


def example(cell, batch=40, time=12, **options):
    torch.manual_seed(9)
    layer = build(cell, 5, 24, **options)
    return layer, torch.randn(batch, time, 5), ragged(batch, time)


@cells
def test_without_gradients_nothing_is_kept(cell, taken):
    layer, x, lengths = example(cell)
    with torch.no_grad():
        output, _ = layer(x, lengths)
    assert in_use(taken) == output.nbytes
    output, _ = layer(x, lengths)
    # at least the states, which the backward pass needs
    assert in_use(taken) >= output.nbytes + int(lengths.sum()) * 24 * 4


@cells
def test_frozen_weights_keep_nothing(cell, taken):
    layer, x, lengths = example(cell)
    layer.requires_grad_(False)
    output, _ = layer(x, lengths)
    assert not output.requires_grad
    assert in_use(taken) == output.nbytes


@cells
def test_without_gradients_memory_does_not_grow_with_time(cell, taken):
    def asked_for(time):
        layer, x, _ = example(cell, time=time)
        taken.clear()
        with torch.no_grad():
            output, _ = layer(x)
        return sum(size for _, size in taken) - output.nbytes

    assert asked_for(40) == asked_for(4) > 0


@cells
def test_history_is_given_back_after_backward(cell, taken):
    layer, x, lengths = example(cell, num_layers=2, bidirectional=True)
    output, _ = layer(x, lengths)
    before = in_use(taken)
    output.sum().backward()
    # that of the last layer; nobody knows the first one's any more
    assert in_use(taken) == output.nbytes < before


@cells
def test_dropping_the_outputs_gives_all_back(cell, taken):
    layer, x, lengths = example(cell, num_layers=2)
    output, state = layer(x, lengths)
    assert in_use(taken) > output.nbytes
    del output, state
    assert in_use(taken) == 0
