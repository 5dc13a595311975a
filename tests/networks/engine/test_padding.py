"""What is, and what is not, a residue: padding is never touched, bad numbers stay visible."""

from __future__ import annotations

import pytest
import torch
from engine_cases import (
    DTYPES,
    LAYERS,
    build,
    engine_pass,
    ragged,
    twin,
    values_of,
)

cells = pytest.mark.parametrize("cell", LAYERS)
dtypes = pytest.mark.parametrize("dtype", DTYPES.values(), ids=DTYPES)
BATCH, TIME, INPUTS = 37, 8, 5


def example(cell, dtype, hidden=21, **options):
    torch.manual_seed(7)
    layer = build(cell, INPUTS, hidden, dtype=dtype, **options)
    lengths = ragged(BATCH, TIME)
    x = torch.randn(BATCH, TIME, INPUTS, dtype=dtype)
    beyond = torch.arange(TIME) >= lengths[:, None]
    assert beyond.any()
    return layer, x, lengths, beyond


@cells
@dtypes
def test_padding_is_never_read(cell, dtype):
    layer, x, lengths, beyond = example(cell, dtype, num_layers=2, bidirectional=True)
    x[beyond] = 0
    zeros = engine_pass(layer, x, lengths)
    x[beyond] = torch.nan
    nans = engine_pass(layer, x, lengths)
    assert nans.same_bytes(zeros)
    assert not nans.values[0][beyond].any()
    assert not nans.gradients["x"][beyond].any()
    assert all(tensor.isfinite().all() for tensor in nans.tensors())


@cells
def test_gradients_of_outputs_past_the_end_are_not_read(cell):
    layer, x, lengths, beyond = example(cell, torch.float32, bidirectional=True)

    def gradients(value):
        layer.zero_grad()
        given = x.clone().requires_grad_()
        output, _ = layer(given, lengths)
        weights = torch.ones_like(output)
        weights[beyond] = value
        output.backward(weights)
        return [given.grad, *(parameter.grad.clone() for parameter in layer.parameters())]

    for nans, zeros in zip(gradients(torch.nan), gradients(0.0), strict=True):
        assert torch.equal(nans, zeros)


@cells
@dtypes
def test_nan_stays_visible_and_in_its_sequence(cell, dtype):
    layer, x, _, _ = example(cell, dtype)
    with torch.no_grad():
        clean = values_of(*layer(x))
        x[3, 4, 1] = torch.nan
        output, *states = values_of(*layer(x))
    assert output[3, 4:].isnan().all()
    assert all(state[:, 3].isnan().all() for state in states)
    assert torch.equal(output[3, :4], clean[0][3, :4])
    others = torch.arange(BATCH) != 3
    assert torch.equal(output[others], clean[0][others])
    for state, before in zip(states, clean[1:], strict=True):
        assert torch.equal(state[:, others], before[:, others])


@cells
@dtypes
@pytest.mark.parametrize("kind", ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0"])
def test_nan_in_a_weight_stays_visible(cell, dtype, kind):
    layer, x, lengths, beyond = example(cell, dtype)
    with torch.no_grad():
        getattr(layer, kind)[0] = torch.nan
        output, _ = layer(x, lengths)
    assert output[lengths > 1].isnan().any(dim=(1, 2)).all()
    assert not output[beyond].any()


@cells
@dtypes
@pytest.mark.parametrize("value", [torch.inf, -torch.inf])
def test_infinity_is_what_it_is_in_torch(cell, dtype, value):
    """The cells saturate."""
    # units that fill whole vectors
    layer, x, _, _ = example(cell, dtype, hidden=7)
    module = twin(layer)
    module.load_state_dict(layer.state_dict())
    x[3, 4, 1] = value
    with torch.no_grad():
        ours = values_of(*layer(x))
        theirs = values_of(*module(x.double()))
    for mine, reference in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine.double(), reference, atol=1e-6, rtol=1e-5, equal_nan=True)


@cells
def test_nan_in_a_gradient_stays_visible(cell):
    layer, x, lengths, _ = example(cell, torch.float32)
    x.requires_grad_()
    output, _ = layer(x, lengths)
    weights = torch.ones_like(output)
    weights[3, 0] = torch.nan
    output.backward(weights)
    assert layer.weight_ih_l0.grad.isnan().any()
    assert x.grad[3, 0].isnan().any()
    assert x.grad[:3].isfinite().all()
