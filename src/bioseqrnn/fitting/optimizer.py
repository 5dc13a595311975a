"""AdamW of PyTorch, without PyTorch's compiler."""

from __future__ import annotations

import inspect

import torch
from torch.optim import Optimizer


class AdamW(torch.optim.AdamW):
    """``torch.optim.AdamW``, bit for bit, that does not import ``torch.compile``.

    PyTorch wraps these methods to keep its compiler out of them, for which it imports it: two
    seconds of a core and 70 MB in every job that trains. Nothing here is compiled by it.
    """

    add_param_group = inspect.unwrap(Optimizer.add_param_group)
    zero_grad = inspect.unwrap(Optimizer.zero_grad)
    state_dict = inspect.unwrap(Optimizer.state_dict)
    load_state_dict = inspect.unwrap(Optimizer.load_state_dict)
    step = torch.no_grad()(inspect.unwrap(torch.optim.AdamW.step))
