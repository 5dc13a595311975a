"""Scaling of features before a linear model, fitted with scikit-learn and kept as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from bioseqrnn.baselines.stored import Arrays, Stored
from bioseqrnn.support.arrays import Doubles, Floats


class Preparation(Protocol):
    """A scaling of features; the result for a record does not depend on the other records."""

    def __call__(self, features: Any) -> Any:
        """Scale features [n, columns]; the argument may be overwritten."""
        ...

    def arrays(self) -> Arrays:
        """The fitted numbers."""
        ...


@dataclass(frozen=True)
class Standard:
    """Subtract the mean of each column, and divide by its standard deviation.

    Attributes
    ----------
    mean, spread : float64 [columns]
    """

    mean: Doubles
    spread: Doubles

    @staticmethod
    def of(features: npt.NDArray[Any]) -> Standard:
        """Fit to the features of training records; a constant column is not divided."""
        from sklearn.preprocessing import StandardScaler

        scaler = StandardScaler().fit(features)
        return Standard(scaler.mean_.astype(np.float64), scaler.scale_.astype(np.float64))

    @staticmethod
    def load(stored: Stored) -> Standard:
        """Read what ``arrays`` returned."""
        mean = stored.take("mean", np.float64, None)
        spread = stored.take("spread", np.float64, len(mean))
        if not (spread > 0).all():
            stored.refuse("array 'spread' has numbers that are not above 0")
        return Standard(mean, spread)

    def __call__(self, features: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Scale features, in their own precision."""
        kind = features.dtype
        features -= self.mean.astype(kind)
        features /= self.spread.astype(kind)
        return features

    def arrays(self) -> Arrays:
        """See ``Preparation``."""
        return {"mean": self.mean, "spread": self.spread}


@dataclass(frozen=True)
class Tfidf:
    """Weight counts by the rarity of a word, and scale each row to length 1 (TF-IDF).

    Attributes
    ----------
    weights : float32 [columns]
        Inverse document frequencies, as ``TfidfTransformer`` of scikit-learn computes them.
    """

    weights: Floats

    @staticmethod
    def of(counts: csr_array) -> Tfidf:
        """Fit to the counts of training records."""
        from sklearn.feature_extraction.text import TfidfTransformer

        return Tfidf(TfidfTransformer().fit(counts).idf_.astype(np.float32))

    @staticmethod
    def load(stored: Stored) -> Tfidf:
        """Read what ``arrays`` returned."""
        return Tfidf(stored.take("weights", np.float32, None))

    def __call__(self, counts: csr_array) -> csr_array:
        """Scale counts, sparse float32 [n, columns]."""
        from sklearn.preprocessing import normalize

        counts.data *= self.weights[counts.indices]
        return normalize(counts, copy=False)

    def arrays(self) -> Arrays:
        """See ``Preparation``."""
        return {"weights": self.weights}
