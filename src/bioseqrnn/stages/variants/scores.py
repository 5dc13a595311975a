"""Scores of the windows of variants, and of all single changes of a window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from bioseqrnn.attribution.attribution import Explained
from bioseqrnn.attribution.changes import changed_logits
from bioseqrnn.attribution.logits import explained_classes
from bioseqrnn.attribution.mutagenesis import single_changes
from bioseqrnn.fasta.genome import reverse_complement
from bioseqrnn.inference.records import NetworkScorer, Scorer
from bioseqrnn.metrics.calibration import calibrated
from bioseqrnn.onehot.alphabet import DNA
from bioseqrnn.onehot.packing import Packed, pack_lines, unpack
from bioseqrnn.support.arrays import Doubles
from bioseqrnn.tasks import Task
from bioseqrnn.tasks.task import SMALLEST

STRANDS = {"+": (False,), "-": (True,), "both": (False, True)}
# changed residues in memory at a time
AT_ONCE = 2**22
# differences that are equal but for rounding count as equal in ranks
ROUNDING = 1e-6


@dataclass(frozen=True)
class Model:
    """A model, and the strands that it reads a window on.

    Attributes
    ----------
    scorer : Scorer
    classes : list of str
        Classes of the task.
    temperature : float
    strand : {"+", "-", "both"}
        With ``both``, the higher logit of the two strands counts, for each class.
    """

    scorer: Scorer
    classes: list[str]
    temperature: float
    strand: str

    @property
    def names(self) -> list[str]:
        """Classes that are scored: with two classes, the positive one; ``value`` in regression."""
        return explained_classes(self.scorer.task, self.classes)

    def logits(self, windows: list[str]) -> Doubles:
        """Return the calibrated logits of windows: float64 [windows, names].

        In regression, the values.
        """
        return self._highest(
            [
                self._logits(_packed([reverse_complement(w) if reverse else w for w in windows]))
                for reverse in STRANDS[self.strand]
            ]
        )

    def changes(self, window: str) -> Doubles:
        """Return the logits of all single changes of a window: float64 [changes, names]."""
        # on the reverse strand, positions and symbols (A C G T), and so the changes, are in the
        # opposite order
        return self._highest(
            [
                self._changed(reverse_complement(window))[::-1]
                if reverse
                else self._changed(window)
                for reverse in STRANDS[self.strand]
            ]
        )

    @staticmethod
    def _highest(found: list[Doubles]) -> Doubles:
        highest: Doubles = np.max(found, axis=0)
        return highest

    def _logits(self, packed: Packed) -> Doubles:
        task = self.scorer.task
        scores = calibrated(task, self.scorer.scores(packed).scores, self.temperature)
        return logits_of_scores(task, scores)

    def _changed(self, window: str) -> Doubles:
        x = unpack(_packed([window]), np.zeros(1, np.int64), DNA)[0][0]
        positions, residues = single_changes(x)
        if isinstance(self.scorer, NetworkScorer):
            network, device = self.scorer.network, self.scorer.device
            explained = Explained(network, self.temperature, np.full(4, 0.25), device)
            return changed_logits(explained, x, positions, residues)
        letters = np.frombuffer(f"{window}\n".encode(), np.uint8)
        symbols = np.frombuffer(DNA.symbols.encode(), np.uint8)
        size = max(1, AT_ONCE // len(letters))
        parts: list[Doubles] = []
        for start in range(0, len(positions), size):
            at, new = positions[start : start + size], residues[start : start + size]
            lines = np.repeat(letters[None], len(at), axis=0)
            lines[np.arange(len(at)), at] = symbols[new]
            parts.append(self._logits(_checked(lines.tobytes(), len(at))))
        return np.concatenate(parts)


def logits_of_scores(task: Task, scores: Doubles) -> Doubles:
    """Return the logit of each class that is scored, float64 [units, names].

    It is log(p / (1 - p)) of the probability p of a class, where 1 - p is the sum of the others, so
    that it is exact also near 1. Values of regression are returned unchanged.

    Parameters
    ----------
    scores : float64 [units, outputs]
        Calibrated probabilities, or values.
    """
    if not task.probabilistic:
        return scores
    p = np.clip(scores, SMALLEST, 1)
    if task.name == "multilabel":
        odds: Doubles = np.log(p) - np.log(np.clip(1 - scores, SMALLEST, 1))
        return odds
    first = 1 if task.name == "binary" else 0
    count = p.shape[1]
    others = np.stack(
        [p[:, [j for j in range(count) if j != i]].sum(axis=1) for i in range(first, count)], axis=1
    )
    logits: Doubles = np.log(p[:, first:]) - np.log(others)
    return logits


def probabilities(logits: Doubles) -> Doubles:
    """Return the probabilities of logits."""
    found: Doubles = torch.from_numpy(logits).sigmoid().numpy()
    return found


def shares(differences: Doubles, changes: Doubles) -> Doubles:
    """Share of the single changes that change the logit at least as much, in either direction.

    Parameters
    ----------
    differences : float64 [alleles, names]
    changes : float64 [changes, names]
        Differences of the logit by all single changes of the window.

    Returns
    -------
    float64 [alleles, names]
    """
    sizes = np.sort(np.abs(changes), axis=0)
    least = np.abs(differences) - ROUNDING
    below = [np.searchsorted(sizes[:, i], least[:, i], side="left") for i in range(sizes.shape[1])]
    found: Doubles = 1 - np.stack(below, axis=1) / len(sizes)
    return found


def _packed(windows: list[str]) -> Packed:
    return _checked(("\n".join(windows) + "\n").encode(), len(windows))


def _checked(text: bytes, count: int) -> Packed:
    found = pack_lines(text, count, DNA)
    # letters were checked with the genome and the alleles
    assert found is not None
    return found[0]
