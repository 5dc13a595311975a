"""Input that is refused, and input that goes to torch.nn."""

from __future__ import annotations

import pytest
import torch
from engine_cases import DTYPES, MODES, build, values_of
from torch import nn

modes = pytest.mark.parametrize("mode", MODES)

NO_BFLOAT16 = "could not create a primitive descriptor for the LSTM"


@modes
@pytest.mark.parametrize("bad", [-1, 4, 2**40])
def test_codes_that_no_row_stands_for(mode, bad):
    layer = build(mode, 3, 5, symbols=torch.rand(4, 3))
    codes = torch.zeros(2, 6, dtype=torch.int64)
    codes[1, 2] = bad
    with pytest.raises(IndexError, match="0 to 3"):
        layer(codes)


@modes
@pytest.mark.parametrize("bad", [-1, 0, 7, 2**40])
@pytest.mark.parametrize("dtype", DTYPES.values(), ids=DTYPES)
def test_lengths_that_are_none(mode, bad, dtype):
    layer = build(mode, 3, 5, dtype=dtype)
    with pytest.raises(ValueError, match="1 to 6"):
        layer(torch.randn(3, 6, 3, dtype=dtype), torch.tensor([6, bad, 1]))


@modes
def test_lengths_of_time_first_input(mode):
    layer = build(mode, 3, 5, batch_first=False)
    with pytest.raises(ValueError, match="1 to 6"):
        layer(torch.randn(6, 9, 3), torch.full((9,), 7))


@modes
def test_weights_and_x_of_two_precisions(mode):
    with pytest.raises((RuntimeError, ValueError), match=r"[Dd]ouble|[Ff]loat|dtype"):
        build(mode, 3, 5)(torch.randn(2, 6, 3, dtype=torch.float64))


def of_torch(layer, x):
    """What torch.nn itself makes of it, in the same precision."""
    extra = {"nonlinearity": layer.nonlinearity} if isinstance(layer, nn.RNN) else {}
    sizes = (layer.input_size, layer.hidden_size)
    module = getattr(nn, type(layer).__name__)(*sizes, batch_first=True, **extra)
    module.to(layer.weight_ih_l0.dtype).load_state_dict(layer.state_dict())
    return values_of(*module(x))


@modes
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=["bfloat16", "float16"])
def test_half_precision_is_left_to_torch(mode, dtype):
    torch.manual_seed(13)
    layer = build(mode, 3, 5, dtype=dtype)
    x = torch.randn(2, 6, 3, dtype=dtype)
    for ours, theirs in zip(values_of(*layer(x)), of_torch(layer, x), strict=True):
        assert ours.dtype == dtype
        assert torch.equal(ours, theirs)


@modes
def test_autocast_is_left_to_torch(mode):
    torch.manual_seed(14)
    layer = build(mode, 3, 5)
    x = torch.randn(2, 6, 3)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        try:
            theirs = of_torch(layer, x)
        except RuntimeError as error:
            # torch.nn's LSTM under autocast needs a CPU on which oneDNN has bfloat16 (AVX-512)
            if mode != "lstm" or NO_BFLOAT16 not in str(error):
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


@modes
def test_projections_are_left_to_torch(mode):
    if mode != "lstm":
        with pytest.raises((TypeError, ValueError), match="proj_size"):
            build(mode, 3, 5, proj_size=2)
        return
    layer = build(mode, 3, 5, proj_size=2)
    output, (h, c) = layer(torch.randn(2, 6, 3), torch.tensor([6, 2]))
    assert output.shape == (2, 6, 2)
    assert (h.shape, c.shape) == ((1, 2, 2), (1, 2, 5))


@modes
def test_an_empty_batch(mode):
    layer = build(mode, 3, 5)
    output, *states = values_of(*layer(torch.zeros(0, 6, 3)))
    assert output.shape == (0, 6, 5)
    assert all(state.shape == (1, 0, 5) for state in states)
