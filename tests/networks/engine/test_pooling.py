"""The pooling kernels beside PyTorch's operations."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from bioseqrnn.networks.engine.pooling import pool
from bioseqrnn.networks.pooling import Pooling


def reference(output, lengths):
    inside = torch.arange(output.shape[1]) < torch.from_numpy(lengths).unsqueeze(1)
    masked = output.masked_fill(~inside.unsqueeze(-1), -torch.inf)
    mean = (output * inside.unsqueeze(-1)).sum(1) / inside.sum(1, keepdim=True)
    return masked.max(1).values, mean


@given(
    batch=st.integers(1, 6), time=st.integers(1, 9), features=st.integers(1, 70),
    double=st.booleans(), seed=st.integers(0, 2**31),
)  # fmt: skip
def test_values_and_gradients_are_those_of_torch(batch, time, features, double, seed):
    draw = torch.Generator().manual_seed(seed)
    dtype = torch.float64 if double else torch.float32
    output = torch.randn(batch, time, features, generator=draw, dtype=dtype)
    lengths = torch.randint(1, time + 1, (batch,), generator=draw).numpy()
    weights = torch.randn(2, batch, features, generator=draw, dtype=dtype)
    results = []
    for way in (pool, reference):
        x = output.clone().requires_grad_()
        largest, mean = way(x, lengths)
        (largest * weights[0] + mean * weights[1]).sum().backward()
        results.append((largest.detach(), mean.detach(), x.grad))
    bound = 1e-12 if double else 2e-6
    assert torch.equal(results[0][0], results[1][0])
    for ours, theirs in zip(results[0], results[1], strict=True):
        assert (ours - theirs).abs().max() <= bound


def test_one_of_the_two_is_enough_for_a_gradient():
    x = torch.randn(2, 3, 20, requires_grad=True)
    pool(x, np.array([3, 1]))[0].sum().backward()
    assert x.grad.sum() == 40
    assert set(x.grad.unique().tolist()) == {0.0, 1.0}


@pytest.mark.parametrize("features", [5, 32])
def test_of_equals_the_first_and_nan_stays(features):
    x = torch.zeros(2, 4, features)
    x[1, 1, 0] = torch.nan
    x.requires_grad_()
    largest, mean = pool(x, np.array([4, 3]))
    assert largest[1, 0].isnan()
    assert mean[1, 0].isnan()
    assert not largest[0].isnan().any()
    largest[0].sum().backward()
    assert torch.equal(x.grad[0].sum(1), torch.tensor([features, 0.0, 0.0, 0.0]))


def test_what_stands_beyond_the_end_is_not_looked_at():
    x = torch.randn(3, 5, 24)
    lengths = np.array([5, 2, 1])
    poisoned = x.clone()
    poisoned[1, 2:] = torch.nan
    poisoned[2, 1:] = torch.inf
    poisoned.requires_grad_()
    pooled = pool(poisoned, lengths)
    assert all(torch.equal(a, b) for a, b in zip(pooled, pool(x, lengths), strict=True))
    (pooled[0] + pooled[1]).sum().backward()
    assert not poisoned.grad[1, 2:].any()
    assert not poisoned.grad[2, 1:].any()
    assert poisoned.grad.isfinite().all()


def test_the_layer_uses_either_with_the_same_numbers():
    mask = torch.arange(6) < torch.tensor([[6], [3]])
    output = torch.randn(2, 6, 10) * mask.unsqueeze(-1)
    pooling = Pooling(["max", "mean"], 10)
    fast = pooling(output, output[:, 0], mask)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        plain = pooling(output, output[:, 0], mask)
    assert (fast - plain).abs().max() <= 1e-6
