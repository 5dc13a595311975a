"""Linear models with an L2 penalty, fitted by Newton's method in the space of the records.

The weights of the minimum are ``features.T @ alpha`` (the representer theorem), so the method keeps
``alpha`` [records, outputs] and never a vector as long as a row of features. Lengths and angles are
those of the weights, so that the steps are the steps of Newton's method on the weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.special import expit, log_softmax, softmax

from bioseqrnn.support.arrays import Doubles

# largest length of the gradient at the end; the weights are then about as close to those of the
# minimum, or closer, since the penalty alone has curvature 1
TOLERANCE = 1e-2
MOST_STEPS = 100
# products with the features in one step
MOST_PRODUCTS = 500
# a direction is solved for until this share of the gradient is left
INEXACT = 0.1
# the least share of the expected decrease of the loss (Armijo's rule), and halvings of a step
DECREASE, MOST_HALVINGS = 1e-4, 30


class Features(Protocol):
    """A table of features [records, columns] that is known by its products."""

    @property
    def shape(self) -> tuple[int, int]:
        """Number of records and columns."""
        ...

    def times(self, weights: Doubles) -> Doubles:
        """Features times weights: float64 [records, outputs]."""
        ...

    def turned_times(self, values: Doubles) -> Doubles:
        """Transposed features times values [records, outputs]: float64 [columns, outputs]."""
        ...


class Loss(Protocol):
    """A sum of convex losses of the records, as a function of raw scores [records, outputs]."""

    @property
    def targets(self) -> Doubles:
        """Targets: float64 [records, outputs]."""
        ...

    def value(self, raw: Doubles) -> float:
        """The loss."""
        ...

    def means(self, raw: Doubles) -> Doubles:
        """Expected targets: float64 [records, outputs]. The gradient is means - targets."""
        ...

    def curve(self, means: Doubles, change: Doubles) -> Doubles:
        """The matrix of second derivatives times a change of the raw scores."""
        ...


@dataclass(frozen=True)
class Squared:
    """Half the squared error, for regression."""

    targets: Doubles

    def value(self, raw: Doubles) -> float:
        """The loss."""
        return 0.5 * float(np.sum((raw - self.targets) ** 2))

    def means(self, raw: Doubles) -> Doubles:
        """The raw scores."""
        return raw

    def curve(self, means: Doubles, change: Doubles) -> Doubles:  # noqa: ARG002
        """The second derivatives are 1."""
        return change


@dataclass(frozen=True)
class Logistic:
    """Log loss of each output by itself: two classes, or several labels."""

    targets: Doubles

    def value(self, raw: Doubles) -> float:
        """The loss."""
        return float(np.sum(np.logaddexp(0, raw) - self.targets * raw))

    def means(self, raw: Doubles) -> Doubles:
        """Probabilities."""
        probability: Doubles = expit(raw)
        return probability

    def curve(self, means: Doubles, change: Doubles) -> Doubles:
        """The second derivatives are p (1 - p)."""
        return means * (1 - means) * change


@dataclass(frozen=True)
class Multinomial:
    """Log loss of one class of several; targets are 1 for the class, else 0."""

    targets: Doubles

    def value(self, raw: Doubles) -> float:
        """The loss."""
        return -float(np.sum(self.targets * log_softmax(raw, axis=1)))

    def means(self, raw: Doubles) -> Doubles:
        """Probabilities."""
        probability: Doubles = softmax(raw, axis=1)
        return probability

    def curve(self, means: Doubles, change: Doubles) -> Doubles:
        """The second derivatives are those of the softmax."""
        mean: Doubles = np.sum(means * change, axis=1, keepdims=True)
        return means * (change - mean)


@dataclass(frozen=True)
class Vector:
    """A direction of weights and intercepts.

    Attributes
    ----------
    alpha : float64 [records, outputs]
        The weights are ``features.T @ alpha``.
    raw : float64 [records, outputs]
        The weights' scores of the records, without intercept.
    intercept : float64 [outputs]
    """

    alpha: Doubles
    raw: Doubles
    intercept: Doubles

    def dot(self, other: Vector) -> float:
        """Inner product of weights and intercepts."""
        # NumPy's sums do not depend on the number of threads, those of a BLAS can
        weights = np.sum(self.alpha * other.raw)
        return float(weights + np.sum(self.intercept * other.intercept))

    def plus(self, factor: float, other: Vector) -> Vector:
        """Add a multiple of another vector."""
        return Vector(
            self.alpha + factor * other.alpha,
            self.raw + factor * other.raw,
            self.intercept + factor * other.intercept,
        )

    def scores(self) -> Doubles:
        """Raw scores of the records: float64 [records, outputs]."""
        return self.raw + self.intercept


def vector(features: Features, alpha: Doubles, intercept: Doubles) -> Vector:
    """Compute the scores that belong to ``alpha``."""
    return Vector(alpha, features.times(features.turned_times(alpha)), intercept)


def minimise(features: Features, loss: Loss, strength: float, start: Vector) -> Vector:
    """Minimise half the squared length of the weights + ``strength`` × loss.

    Intercepts have no penalty. The directions are found by conjugate gradients (Nocedal and Wright,
    Numerical Optimization, 2006, algorithm 7.1), with one product of the features and their
    transpose for each.

    Parameters
    ----------
    features : Features
        Rows of length 1 or 0.
    loss : Loss
    strength : float
        Inverse regularisation, C of scikit-learn.
    start : Vector
        With scores of these features.
    """
    here = start
    value = _objective(loss, strength, here)
    for _ in range(MOST_STEPS):
        means = loss.means(here.scores())
        slope = strength * (means - loss.targets)
        gradient = vector(features, here.alpha + slope, slope.sum(axis=0))
        if gradient.dot(gradient) <= TOLERANCE**2:
            break
        step = _direction(features, loss, strength, means, gradient)
        expected = gradient.dot(step)
        size = 1.0
        for _ in range(MOST_HALVINGS):
            there = here.plus(size, step)
            reached = _objective(loss, strength, there)
            if reached <= value + DECREASE * size * expected:
                break
            size /= 2
        else:
            # the decrease is too small for float64: this is the minimum
            break
        here, value = there, reached
    return here


def _objective(loss: Loss, strength: float, at: Vector) -> float:
    return 0.5 * float(np.sum(at.alpha * at.raw)) + strength * loss.value(at.scores())


def _direction(
    features: Features, loss: Loss, strength: float, means: Doubles, gradient: Vector
) -> Vector:
    """Solve Newton's equation by conjugate gradients."""
    zero = np.zeros_like(gradient.alpha)
    solved = Vector(zero, zero, np.zeros_like(gradient.intercept))
    left = solved.plus(-1, gradient)
    along = left
    squared = first = gradient.dot(gradient)
    for _ in range(MOST_PRODUCTS):
        curved = strength * loss.curve(means, along.scores())
        turned = along.alpha + curved, curved.sum(axis=0)
        bend = float(np.sum(turned[0] * along.raw) + np.sum(turned[1] * along.intercept))
        if bend <= 0:
            # only a change of the intercepts is left, and rounding
            break
        size = squared / bend
        solved = solved.plus(size, along)
        left = vector(features, left.alpha - size * turned[0], left.intercept - size * turned[1])
        before, squared = squared, left.dot(left)
        if squared <= INEXACT**2 * first:
            break
        along = left.plus(squared / before, along)
    return solved
