"""Gradients against differences of outputs, with no other implementation in between."""

from __future__ import annotations

import pytest
import torch
from engine_cases import LAYERS, build, values_of
from torch.func import functional_call

LENGTHS = torch.tensor([4, 1, 3])


@pytest.mark.parametrize("cell", LAYERS)
def test_gradients_are_slopes(cell):
    torch.manual_seed(4)
    layer = build(cell, 2, 3, dtype=torch.float64, num_layers=2, bidirectional=True)
    names = [name for name, _ in layer.named_parameters()]
    parameters = [parameter.detach().requires_grad_() for parameter in layer.parameters()]
    x = torch.randn(3, 4, 2, dtype=torch.float64, requires_grad=True)

    def outputs(x, *parameters):
        given = dict(zip(names, parameters, strict=True))
        return tuple(values_of(*functional_call(layer, given, (x, LENGTHS))))

    assert torch.autograd.gradcheck(outputs, (x, *parameters))
