"""Input that is refused, and input that goes to torch.nn."""

from __future__ import annotations

import pytest
import torch
from engine_cases import DTYPES, LAYERS, build, values_of
from torch import nn

cells = pytest.mark.parametrize("cell", LAYERS)

NO_BFLOAT16 = "could not create a primitive descriptor for the LSTM"


@cells
@pytest.mark.parametrize("bad", [-1, 0, 7, 2**40])
@pytest.mark.parametrize("dtype", DTYPES.values(), ids=DTYPES)
def test_lengths_that_are_none(cell, bad, dtype):
    layer = build(cell, 3, 5, dtype=dtype)
    with pytest.raises(ValueError, match="1 to 6"):
        layer(torch.randn(3, 6, 3, dtype=dtype), torch.tensor([6, bad, 1]))


@cells
def test_input_that_is_no_batch_of_features(cell):
    layer = build(cell, 3, 5)
    for bad in (torch.zeros(2, 6, 4), torch.zeros(2, 6), torch.zeros(2, 6, dtype=torch.int64)):
        with pytest.raises(ValueError, match=r"input must be \[batch, time, 3\]"):
            layer(bad)
    with pytest.raises(ValueError, match="no positions"):
        layer(torch.zeros(2, 0, 3))


@cells
def test_weights_and_x_of_two_precisions(cell):
    with pytest.raises((RuntimeError, ValueError), match=r"[Dd]ouble|[Ff]loat|dtype"):
        build(cell, 3, 5)(torch.randn(2, 6, 3, dtype=torch.float64))


def of_torch(layer, x):
    """What torch.nn itself makes of it, in the same precision."""
    sizes = (layer.input_size, layer.hidden_size)
    module = getattr(nn, type(layer).__name__)(*sizes, batch_first=True)
    module.to(layer.weight_ih_l0.dtype).load_state_dict(layer.state_dict())
    return values_of(*module(x))


@cells
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=["bfloat16", "float16"])
def test_half_precision_is_left_to_torch(cell, dtype):
    torch.manual_seed(13)
    layer = build(cell, 3, 5, dtype=dtype)
    x = torch.randn(2, 6, 3, dtype=dtype)
    for ours, theirs in zip(values_of(*layer(x)), of_torch(layer, x), strict=True):
        assert ours.dtype == dtype
        assert torch.equal(ours, theirs)


@cells
def test_autocast_is_left_to_torch(cell):
    torch.manual_seed(14)
    layer = build(cell, 3, 5)
    x = torch.randn(2, 6, 3)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        try:
            theirs = of_torch(layer, x)
        except RuntimeError as error:
            # torch.nn's LSTM under autocast needs a CPU on which oneDNN has bfloat16 (AVX-512)
            if cell != "lstm" or NO_BFLOAT16 not in str(error):
                raise
            with pytest.raises(RuntimeError, match=NO_BFLOAT16):
                layer(x)
            return
        ours = values_of(*layer(x))
    for mine, reference in zip(ours, theirs, strict=True):
        assert mine.dtype == reference.dtype
        assert torch.equal(mine, reference)
    # which is less exact than what the engine gives
    assert not torch.equal(ours[0].float(), layer(x)[0])


@cells
@pytest.mark.parametrize("option", ["proj_size", "bias", "batch_first", "nonlinearity"])
def test_options_of_torch_that_no_network_uses(cell, option):
    with pytest.raises(TypeError, match=option):
        build(cell, 3, 5, **{option: 1})


@cells
def test_an_empty_batch(cell):
    layer = build(cell, 3, 5)
    output, *states = values_of(*layer(torch.zeros(0, 6, 3)))
    assert output.shape == (0, 6, 5)
    assert all(state.shape == (1, 0, 5) for state in states)
