"""Gradients against differences of outputs, with no other implementation in between."""

from __future__ import annotations

import pytest
import torch
from engine_cases import MODES, build, values_of
from torch.func import functional_call

LENGTHS = torch.tensor([4, 1, 3])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("symbols", [0, 3], ids=["dense", "codes"])
def test_gradients_are_slopes(mode, symbols):
    torch.manual_seed(4)
    table = torch.rand(symbols, 2) if symbols else None
    layer = build(
        mode, 2, 3, dtype=torch.float64, symbols=table, num_layers=2, bidirectional=True
    )  # fmt: skip
    names = [name for name, _ in layer.named_parameters()]
    parameters = [parameter.detach().requires_grad_() for parameter in layer.parameters()]
    if symbols:
        x = torch.randint(symbols, (3, 4))
    else:
        x = torch.randn(3, 4, 2, dtype=torch.float64, requires_grad=True)

    def outputs(x, *parameters):
        given = dict(zip(names, parameters, strict=True))
        return tuple(values_of(*functional_call(layer, given, (x, LENGTHS))))

    assert torch.autograd.gradcheck(outputs, (x, *parameters))
