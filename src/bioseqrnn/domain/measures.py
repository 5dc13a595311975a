"""How far composition and words of a record are from those of the training records.

Short records vary more by chance than long ones. Each score is therefore in units of the standard
deviation that a record of its length has: between records, plus that of drawing its residues.
"""

from __future__ import annotations

import numpy as np

from bioseqrnn.support.arrays import Doubles, Ints


def fractions(residues: Ints, both_strands: bool) -> Doubles:
    """Fraction of each residue: float64 [n, symbols]; NaN for a record without residues.

    Parameters
    ----------
    residues : int64 [n, symbols]
    both_strands : bool
        Whether a record and its reverse complement have the same fractions.
    """
    total = residues.sum(axis=1, keepdims=True).astype(np.float64)
    shares = np.divide(residues, total, out=np.full(residues.shape, np.nan), where=total > 0)
    # A C G T backwards is the complement
    result: Doubles = (shares + shares[:, ::-1]) / 2 if both_strands else shares
    return result


class Moments:
    """Sums over records, of each fold, from which mean and variance of the fractions follow.

    Parameters
    ----------
    folds : int
    symbols : int
    """

    def __init__(self, folds: int, symbols: int) -> None:
        self._count, self._inverse = np.zeros(folds), np.zeros(folds)
        self._sum, self._squares = np.zeros((2, folds, symbols))

    def add(self, shares: Doubles, lengths: Ints, folds: Ints) -> None:
        """Add records: fractions [n, symbols], numbers of residues [n], folds [n]."""
        used = lengths > 0
        shares, folds = shares[used], folds[used]
        np.add.at(self._count, folds, 1)
        np.add.at(self._inverse, folds, 1 / lengths[used])
        np.add.at(self._sum, folds, shares)
        np.add.at(self._squares, folds, shares**2)

    def without(self, fold: int | None) -> tuple[Doubles, Doubles]:
        """Mean fraction of each residue, and its variance between records.

        Parameters
        ----------
        fold : int, optional
            The fold that is left out; None: none is.
        """
        kept = np.ones(len(self._count), bool)
        if fold is not None:
            kept[fold] = False
        n = self._count[kept].sum()
        symbols = self._sum.shape[1]
        # one record of equal parts more: no residue is impossible
        mean = (self._sum[kept].sum(axis=0) + 1 / symbols) / (n + 1)
        variance = self._squares[kept].sum(axis=0) / max(n, 1) - mean**2
        drawn = mean * (1 - mean) * self._inverse[kept].sum() / max(n, 1)
        return mean, np.maximum(variance - drawn, 0)


def deviations(shares: Doubles, lengths: Ints, mean: Doubles, between: Doubles) -> Doubles:
    """Squared deviation of each fraction from the mean, in its variances: float64 [n, symbols]."""
    drawn = mean * (1 - mean) / np.maximum(lengths, 1)[:, None]
    result: Doubles = (shares - mean) ** 2 / (between + drawn)
    return result


def composition_scores(shares: Doubles, lengths: Ints, mean: Doubles, between: Doubles) -> Doubles:
    """Mean of ``deviations`` over the residues: float64 [n], about 1 for a usual record."""
    result: Doubles = deviations(shares, lengths, mean, between).mean(axis=1)
    return result


def word_spread(words: Ints, size: int, mean: float, between: float) -> Doubles:
    """Standard deviation of the share of known words, by the number of words: float64 [n].

    Words overlap, so a record has about ``words / size`` independent ones.
    """
    independent = np.maximum(words / size, 1)
    # no share varies less than by one word in ten thousand
    least = 1e-8
    spread: Doubles = np.sqrt(between + np.maximum(mean * (1 - mean), least) / independent)
    return spread


def word_variance(share: Doubles, words: Ints, size: int) -> tuple[float, float]:
    """Mean share of known words, and its variance between records, from some records."""
    mean = float(share.mean())
    drawn = mean * (1 - mean) * float((1 / np.maximum(words / size, 1)).mean())
    return mean, max(float(share.var()) - drawn, 0.0)


def word_scores(share: Doubles, words: Ints, size: int, mean: float, between: float) -> Doubles:
    """Deviation of the share of known words from the mean, in ``word_spread``: float64 [n]."""
    return (share - mean) / word_spread(words, size, mean, between)
