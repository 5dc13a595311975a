"""The number that an attribution explains: the calibrated logit of a class."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from bioseqrnn.networks.classifier import SequenceClassifier
from bioseqrnn.tables.declared.explanation import VALUE
from bioseqrnn.tasks import Task


def explained_classes(task: Task, classes: list[str]) -> list[str]:
    """Return the names of the outputs of ``calibrated_logits``, in their order.

    With two classes, only the positive one is explained: the logit of the other one is its
    negative, and so are all attributions. In regression, the value is explained. With a class for
    each residue, all classes are explained.
    """
    if not task.probabilistic:
        return [VALUE]
    return classes[1:] if task.two_classes else list(classes)


def calibrated_logits(
    network: SequenceClassifier, outputs: list[Tensor], temperature: float
) -> Tensor:
    """Return the log-odds of each class, after calibration.

    The log-odds of a class are log(p / (1 - p)) of its calibrated probability p
    (``metrics.calibration.calibrated``), here computed without p, so that they are exact also near
    0 and 1. In regression: the values, in the unit of the labels.

    Parameters
    ----------
    network : SequenceClassifier
    outputs : list of Tensor [batch, outputs]
        Of each member of the network, before any activation.
    temperature : float

    Returns
    -------
    float64 Tensor [batch, classes]
        In the order of ``explained_classes``.
    """
    task, members = network.task, list(network.members)
    pairs = zip(members, outputs, strict=True)
    if not task.probabilistic:
        values = [y.double() * member.scale[1] + member.scale[0] for member, y in pairs]
        return torch.stack(values).mean(dim=0)
    logits = torch.stack([y.double() - member.prior.double() for member, y in pairs])
    # log of the mean over the members of a sum of exp(log p)
    shares = math.log(len(members))
    if not task.exclusive:
        if len(members) == 1:
            return logits[0] / temperature
        have = torch.nn.functional.logsigmoid(logits).logsumexp(dim=0)
        lack = torch.nn.functional.logsigmoid(-logits).logsumexp(dim=0)
        return (have - lack) / temperature
    log_p = logits[0]
    if len(members) > 1:
        log_p = logits.log_softmax(dim=2).logsumexp(dim=0) - shares
    log_p = log_p / temperature
    if task.two_classes:
        return log_p[:, 1:] - log_p[:, :1]
    count = log_p.shape[1]
    own = torch.eye(count, dtype=torch.bool, device=log_p.device)
    others = log_p.unsqueeze(1).expand(-1, count, -1).masked_fill(own, -torch.inf)
    return log_p - others.logsumexp(dim=2)


def logits_of(
    network: SequenceClassifier,
    x: Tensor,
    lengths: Tensor,
    temperature: float,
    targets: Tensor | None,
) -> Tensor:
    """Return the calibrated logits of a one-hot batch: float64 Tensor [batch, classes].

    Parameters
    ----------
    network : SequenceClassifier
    x : float Tensor [batch, time, symbols]
    lengths : int64 Tensor [batch]
    temperature : float
    targets : int64 Tensor [batch], optional
        Residue of each sequence whose logits are wanted, if each residue has its own.
    """
    outputs = [m(x, lengths) for m in network.members]
    if targets is not None:
        rows = torch.arange(len(x), device=x.device)
        outputs = [y[rows, targets] for y in outputs]
    return calibrated_logits(network, outputs, temperature)
