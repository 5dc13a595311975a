"""The layers against torch.nn in double precision, on the same numbers."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch
from engine_cases import DTYPES, MODES, build, engine_pass, ragged, torch_pass, twin
from hypothesis import given, settings
from hypothesis import strategies as st

# of outputs and states; of a gradient, relative to its largest number
BOUNDS = {torch.float32: (1e-6, 1e-5), torch.float64: (1e-10, 1e-10)}
dtypes = pytest.mark.parametrize("dtype", DTYPES.values(), ids=DTYPES)
modes = pytest.mark.parametrize("mode", MODES)


@dataclass
class Case:
    hidden: int
    inputs: int
    layers: int
    bidirectional: bool
    batch: int
    time: int
    lengths: str
    symbols: int
    bias: bool
    batch_first: bool
    from_torch: bool
    seed: int


CASES = st.builds(
    Case,
    hidden=st.integers(1, 70),
    inputs=st.integers(1, 40),
    layers=st.integers(1, 3),
    bidirectional=st.booleans(),
    batch=st.integers(1, 80),
    time=st.integers(1, 40),
    lengths=st.sampled_from(["one", "equal", "mixed"]),
    symbols=st.just(0) | st.integers(1, 30),
    bias=st.booleans(),
    batch_first=st.booleans(),
    from_torch=st.booleans(),
    seed=st.integers(0, 2**32),
)


def check(mode: str, dtype: torch.dtype, case: Case) -> None:
    torch.manual_seed(case.seed)
    table = torch.rand(case.symbols, case.inputs) if case.symbols else None
    layer = build(
        mode, case.inputs, case.hidden, dtype=dtype, symbols=table, num_layers=case.layers,
        bias=case.bias, bidirectional=case.bidirectional, batch_first=case.batch_first,
    )  # fmt: skip
    module = twin(layer)
    if case.from_torch:
        layer.load_state_dict(module.state_dict())
    module.load_state_dict(layer.state_dict())
    lengths = {
        "one": torch.ones(case.batch, dtype=torch.int64),
        "equal": torch.full((case.batch,), case.time),
        "mixed": ragged(case.batch, case.time),
    }[case.lengths]
    places = (case.batch, case.time) if case.batch_first else (case.time, case.batch)
    if table is None:
        x = dense = torch.randn(*places, case.inputs, dtype=dtype)
    else:
        x = torch.randint(case.symbols, places)
        dense = table[x]
    ours = engine_pass(layer, x, lengths)
    theirs = torch_pass(module, dense, lengths)
    value_bound, gradient_bound = BOUNDS[dtype]
    for mine, reference in zip(ours.values, theirs.values, strict=True):
        assert mine.dtype == dtype
        # the others' states are at most 1
        scale = max(1, reference.abs().max()) if mode == "relu" else 1
        assert (mine - reference).abs().max() <= value_bound * scale
    assert set(ours.gradients) == set(theirs.gradients) - ({"x"} if case.symbols else set())
    largest = {name: gradient.abs().max() for name, gradient in theirs.gradients.items()}
    for name, mine in ours.gradients.items():
        difference = (mine - theirs.gradients[name]).abs().max()
        # the terms of a gradient that is one number may cancel
        scale = max(largest[name], max(largest.values()) / 10 if mine.numel() == 1 else 0)
        assert difference <= gradient_bound * scale, name


# The same examples everywhere: a ReLU whose sum is zero but for rounding has either gradient, and
# one example in some thousands would meet that.
@modes
@dtypes
@settings(max_examples=50, derandomize=True)
@given(case=CASES)
def test_random_layers(mode, dtype, case):
    check(mode, dtype, case)


@modes
@pytest.mark.parametrize("symbols", [0, 24], ids=["dense", "codes"])
def test_a_layer_of_usual_size(mode, symbols):
    case = Case(
        hidden=128, inputs=24, layers=1, bidirectional=True, batch=64, time=200, lengths="mixed",
        symbols=symbols, bias=True, batch_first=True, from_torch=False, seed=3,
    )  # fmt: skip
    check(mode, torch.float32, case)
