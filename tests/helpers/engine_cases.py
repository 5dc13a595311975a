"""What tests of recurrent layers share: layers of every kind, batches, and passes to compare."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from bioseqrnn.networks.recurrent import LAYERS

DTYPES = {"float32": torch.float32, "float64": torch.float64}


def build(cell: str, inputs: int, hidden: int, *, dtype=torch.float32, **options):
    """A layer with the initial weights of torch.nn."""
    return LAYERS[cell](inputs, hidden, **options).to(dtype)


def twin(layer):
    """The torch.nn module of the same sizes, in double precision; its weights are its own."""
    return getattr(nn, type(layer).__name__)(
        layer.input_size,
        layer.hidden_size,
        layer.num_layers,
        batch_first=True,
        bidirectional=layer.bidirectional,
    ).double()


def ragged(batch: int, time: int) -> Tensor:
    """Random lengths; the longest sequence fills the batch."""
    lengths = torch.randint(1, time + 1, (batch,))
    lengths[torch.randint(batch, (1,))] = time
    return lengths


@dataclass
class Pass:
    """Outputs and final states, and gradients of parameters and of x (where it has one)."""

    values: list[Tensor]
    gradients: dict[str, Tensor]

    def tensors(self) -> list[Tensor]:
        return [*self.values, *self.gradients.values()]

    def same_bytes(self, other: Pass) -> bool:
        pairs = zip(self.tensors(), other.tensors(), strict=True)
        return all(a.numpy().tobytes() == b.numpy().tobytes() for a, b in pairs)


def values_of(output: Tensor, state: Any) -> list[Tensor]:
    return [output, *(state if isinstance(state, tuple) else (state,))]


def differentiate(layer: nn.Module, x: Tensor, values: list[Tensor]) -> Pass:
    """Gradients of a random weighting of outputs and final states."""
    generator = torch.Generator().manual_seed(11)
    weights = [torch.randn(value.shape, generator=generator) for value in values]
    loss = sum((v * w.to(v.dtype)).sum() for v, w in zip(values, weights, strict=True))
    wanted = dict(layer.named_parameters())
    if x.requires_grad:
        wanted["x"] = x
    gradients = torch.autograd.grad(loss, list(wanted.values()))
    detached = [value.detach() for value in values]
    return Pass(detached, dict(zip(wanted, gradients, strict=True)))


def engine_pass(layer, x: Tensor, lengths: Tensor | None) -> Pass:
    x = x.detach().clone().requires_grad_()
    return differentiate(layer, x, values_of(*layer(x, lengths)))


def torch_pass(module: nn.RNNBase, x: Tensor, lengths: Tensor) -> Pass:
    """The same on torch.nn, with packed sequences."""
    x = x.detach().double().requires_grad_()
    packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    packed_output, state = module(packed)
    output, _ = pad_packed_sequence(
        packed_output,
        batch_first=True,
        total_length=x.shape[1],
    )
    return differentiate(module, x, values_of(output, state))
