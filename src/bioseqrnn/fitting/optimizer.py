"""AdamW of PyTorch, without the import of PyTorch's compiler."""

from __future__ import annotations

import inspect

import torch
from torch.optim import Optimizer


class AdamW(torch.optim.AdamW):
    """``torch.optim.AdamW`` without the import of ``torch.compile``; results are bitwise the same.

    PyTorch wraps these methods so that its compiler skips them, and imports the compiler for this.
    The import costs two seconds of CPU time and 70 MB in every training job, and bioseqrnn does not
    use the compiler.
    """

    add_param_group = inspect.unwrap(Optimizer.add_param_group)
    zero_grad = inspect.unwrap(Optimizer.zero_grad)
    state_dict = inspect.unwrap(Optimizer.state_dict)
    load_state_dict = inspect.unwrap(Optimizer.load_state_dict)
    step = torch.no_grad()(inspect.unwrap(torch.optim.AdamW.step))
