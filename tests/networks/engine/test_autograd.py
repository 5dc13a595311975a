"""What PyTorch may ask of a layer besides one forward and one backward pass."""

from __future__ import annotations

import copy

import pytest
import torch
from engine_cases import LAYERS, build, ragged, twin, values_of


def example(cell):
    torch.manual_seed(10)
    layer = build(cell, 5, 19, num_layers=2, bidirectional=True)
    return layer, torch.randn(33, 7, 5, requires_grad=True), ragged(33, 7)


@pytest.fixture(params=LAYERS)
def setting(request):
    return example(request.param)


def wanted(layer, x):
    return [*layer.parameters(), x]


def equal(ours, theirs):
    return all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


def test_a_graph_that_is_kept_gives_the_same_again(setting):
    layer, x, lengths = setting
    loss = layer(x, lengths)[0].square().sum()
    first = torch.autograd.grad(loss, wanted(layer, x), retain_graph=True)
    # what other passes do in between does not matter
    layer(x.detach() + 1, lengths)[0].sum().backward()
    second = torch.autograd.grad(loss, wanted(layer, x))
    assert equal(first, second)
    with pytest.raises(RuntimeError, match="second time"):
        torch.autograd.grad(loss, wanted(layer, x))


def test_two_graphs_at_a_time(setting):
    layer, x, lengths = setting
    other = x.detach().flip(0).requires_grad_()
    apart = [
        torch.autograd.grad(layer(given, lengths)[0].square().sum(), wanted(layer, given))
        for given in (x, other)
    ]
    losses = [layer(given, lengths)[0].square().sum() for given in (x, other)]
    last = torch.autograd.grad(losses[1], wanted(layer, other))
    first = torch.autograd.grad(losses[0], wanted(layer, x))
    assert equal(first, apart[0])
    assert equal(last, apart[1])


def test_gradients_add_up(setting):
    layer, x, lengths = setting
    layer(x, lengths)[0].sum().backward()
    once = [tensor.grad.clone() for tensor in wanted(layer, x)]
    layer(x, lengths)[0].sum().backward()
    assert equal([2 * gradient for gradient in once], [t.grad for t in wanted(layer, x)])


def test_second_derivatives_are_refused(setting):
    layer, x, lengths = setting
    loss = layer(x, lengths)[0].square().sum()
    (gradient,) = torch.autograd.grad(loss, x, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        gradient.sum().backward()


def test_weights_changed_before_backward_are_noticed(setting):
    layer, x, lengths = setting
    loss = layer(x, lengths)[0].sum()
    with torch.no_grad():
        layer.weight_hh_l0 += 1
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_lengths_may_be_changed_before_backward(setting):
    layer, x, lengths = setting
    expected = torch.autograd.grad(layer(x, lengths)[0].sum(), wanted(layer, x))
    loss = layer(x, lengths)[0].sum()
    lengths.fill_(1)
    assert equal(torch.autograd.grad(loss, wanted(layer, x)), expected)


PARTS = {"outputs": 0, "last state": 1, "last cells": 2}


@pytest.mark.parametrize(
    ("cell", "part"),
    [(cell, part) for cell in LAYERS for part in PARTS if cell == "lstm" or PARTS[part] < 2],
)
def test_gradients_of_a_part(cell, part):
    layer, x, _ = example(cell)
    module = twin(layer)
    module.load_state_dict(layer.state_dict())
    double = x.detach().double().requires_grad_()
    ours, theirs = values_of(*layer(x)), values_of(*module(double))
    place = PARTS[part]
    mine = torch.autograd.grad(ours[place].square().sum(), wanted(layer, x), allow_unused=True)
    reference = torch.autograd.grad(
        theirs[place].square().sum(), wanted(module, double), allow_unused=True
    )
    for got, expected in zip(mine, reference, strict=True):
        if expected is None:
            assert got is None or not got.any()
        else:
            assert (got - expected).abs().max() <= 1e-5 * expected.abs().max()


def test_gradients_of_x_alone(setting):
    layer, x, lengths = setting
    (expected,) = torch.autograd.grad(layer(x, lengths)[0].sum(), x)
    frozen = copy.deepcopy(layer).requires_grad_(False)
    frozen(x, lengths)[0].sum().backward()
    assert torch.equal(x.grad, expected)
    assert all(parameter.grad is None for parameter in frozen.parameters())


def test_gradients_of_weights_alone(setting):
    layer, x, lengths = setting
    parameters = list(layer.parameters())
    expected = torch.autograd.grad(layer(x, lengths)[0].sum(), parameters)
    found = torch.autograd.grad(layer(x.detach(), lengths)[0].sum(), parameters)
    assert equal(found, expected)


def test_x_of_any_strides(setting):
    layer, x, lengths = setting
    strided = x.detach().permute(2, 0, 1).contiguous().permute(1, 2, 0).requires_grad_()
    assert not strided.is_contiguous()
    results = [
        [*values_of(*layer(given, lengths)),
         *torch.autograd.grad(layer(given, lengths)[0].sum(), wanted(layer, given))]
        for given in (x, strided)
    ]  # fmt: skip
    assert equal(*results)


def test_weights_of_any_strides(setting):
    layer, x, lengths = setting
    expected = values_of(*layer(x, lengths))
    for parameter in layer.parameters():
        if parameter.dim() == 2:
            parameter.data = parameter.data.T.contiguous().T
            assert not parameter.is_contiguous()
    assert equal(values_of(*layer(x, lengths)), expected)


def test_dropout_between_layers_only_in_training():
    torch.manual_seed(12)
    layer = build("gru", 5, 19, num_layers=2, dropout=0.5)
    x = torch.randn(3, 7, 5)
    dropped = layer(x)[0]
    assert not torch.equal(layer(x)[0], dropped)
    kept = layer.eval()(x)[0]
    plain = build("gru", 5, 19, num_layers=2)
    plain.load_state_dict(layer.state_dict())
    assert torch.equal(plain(x)[0], kept)
    assert not torch.equal(kept, dropped)
