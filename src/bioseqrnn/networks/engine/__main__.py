"""Compile the single-precision kernels, so that the first jobs need not compile them.

python -m bioseqrnn.networks.engine
"""

from __future__ import annotations

import torch

from bioseqrnn.networks.pooling import Pooling
from bioseqrnn.networks.recurrent import RNN, engine_wanted
from bioseqrnn.support.console import say


def main() -> None:
    """Run a forward and a backward pass; machine code that exists already is only read."""
    if not engine_wanted():
        return
    layer = RNN(4, 8)
    x = torch.zeros(2, 3, 4, requires_grad=True)
    output, state = layer(x)
    Pooling(["max", "mean"], 8)(
        output, state[0], torch.ones(2, 3, dtype=torch.bool)
    ).sum().backward()
    say("recurrent kernels are compiled")


if __name__ == "__main__":
    main()
