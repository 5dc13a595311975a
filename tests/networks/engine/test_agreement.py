"""The layers against torch.nn in double precision, on the same numbers."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch
from engine_cases import DTYPES, LAYERS, build, engine_pass, ragged, torch_pass, twin
from hypothesis import given, settings
from hypothesis import strategies as st

# of outputs and states; of a gradient, relative to its largest number
BOUNDS = {torch.float32: (1e-6, 1e-5), torch.float64: (1e-10, 1e-10)}
dtypes = pytest.mark.parametrize("dtype", DTYPES.values(), ids=DTYPES)
cells = pytest.mark.parametrize("cell", LAYERS)


@dataclass
class Case:
    hidden: int
    inputs: int
    layers: int
    bidirectional: bool
    batch: int
    time: int
    lengths: str
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
    from_torch=st.booleans(),
    seed=st.integers(0, 2**32),
)


def check(cell: str, dtype: torch.dtype, case: Case) -> None:
    torch.manual_seed(case.seed)
    layer = build(
        cell, case.inputs, case.hidden, dtype=dtype, num_layers=case.layers,
        bidirectional=case.bidirectional,
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
    x = torch.randn(case.batch, case.time, case.inputs, dtype=dtype)
    ours = engine_pass(layer, x, lengths)
    theirs = torch_pass(module, x, lengths)
    value_bound, gradient_bound = BOUNDS[dtype]
    # A single unit has initial weights of up to 1: its sums over many inputs are less exact, and if
    # it is saturated, all gradients are small and only as exact as 1 - h² is.
    single = case.hidden == 1
    value_bound *= 2 if single else 1
    least = value_bound if single else 0
    for mine, reference in zip(ours.values, theirs.values, strict=True):
        assert mine.dtype == dtype
        assert (mine - reference).abs().max() <= value_bound
    assert set(ours.gradients) == set(theirs.gradients)
    largest = {name: gradient.abs().max() for name, gradient in theirs.gradients.items()}
    for name, mine in ours.gradients.items():
        difference = (mine - theirs.gradients[name]).abs().max()
        # the terms of a gradient that is one number may cancel
        scale = max(largest[name], max(largest.values()) / 10 if mine.numel() == 1 else 0)
        assert difference <= max(gradient_bound * scale, least), name


@cells
@dtypes
@settings(max_examples=25, derandomize=True)
@given(case=CASES)
def test_random_layers(cell, dtype, case):
    check(cell, dtype, case)


@cells
def test_a_layer_of_usual_size(cell):
    case = Case(
        hidden=128, inputs=24, layers=1, bidirectional=True, batch=64, time=200, lengths="mixed",
        from_torch=False, seed=3,
    )  # fmt: skip
    check(cell, torch.float32, case)
