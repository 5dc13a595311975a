"""AdamW without PyTorch's compiler is AdamW."""

import subprocess
import sys

import torch

from bioseqrnn.fitting.optimizer import AdamW

SCRIPT = """
import sys, torch
from bioseqrnn.inference.device import set_deterministic
from bioseqrnn.fitting.optimizer import AdamW
set_deterministic(1, 1)
assert torch.are_deterministic_algorithms_enabled()
assert torch.is_deterministic_algorithms_warn_only_enabled()
network = torch.nn.Linear(3, 2)
optimizer = AdamW(network.parameters())
scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, 5)
optimizer.zero_grad()
network(torch.ones(4, 3)).sum().backward()
optimizer.step()
scheduler.step()
optimizer.load_state_dict(optimizer.state_dict())
print([name for name in ("torch._dynamo", "torch._inductor", "sympy") if name in sys.modules])
"""


def weights(kind, steps=20):
    torch.manual_seed(5)
    network = torch.nn.Sequential(torch.nn.Linear(7, 5), torch.nn.Tanh(), torch.nn.Linear(5, 2))
    x, y = torch.randn(50, 7), torch.randn(50, 2)
    optimizer = kind(network.parameters(), lr=0.03, weight_decay=0.1)
    for step in range(steps):
        if step == steps // 2:
            state = optimizer.state_dict()
            optimizer = kind(network.parameters(), lr=0.5)
            optimizer.load_state_dict(state)
        optimizer.zero_grad()
        (network(x) - y).square().mean().backward()
        optimizer.step()
    return torch.nn.utils.parameters_to_vector(network.parameters())


def test_steps_are_those_of_pytorch_bit_for_bit():
    ours, theirs = weights(AdamW), weights(torch.optim.AdamW)
    assert torch.equal(ours, theirs)
    assert not torch.equal(ours, weights(AdamW, steps=19))
    assert not ours.isnan().any()


def test_compiler_is_not_imported():
    run = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
