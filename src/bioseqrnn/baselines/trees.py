"""Boosted trees of scikit-learn's ``HistGradientBoosting`` as plain arrays.

A file of these arrays runs no code when it is read, as a pickle would, and it does not depend on
the version of scikit-learn.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bioseqrnn.support.arrays import Doubles, Floats, Ints
from bioseqrnn.support.compiled import compiled, frozen
from bioseqrnn.support.errors import InputError

Indices = npt.NDArray[np.int32]

# column and children of a leaf
NONE = -1
TYPES: dict[str, type[np.generic]] = {
    "columns": np.int64,
    "starts": np.int64,
    "baseline": np.float64,
    "feature": np.int32,
    "threshold": np.float64,
    "left": np.int32,
    "right": np.int32,
    "value": np.float64,
}


@dataclass(frozen=True, eq=False)
class Trees:
    """Trees whose values are added up, for one or several outputs.

    Tree ``t`` adds to output ``t % outputs``. Its nodes are ``starts[t]`` to ``starts[t + 1]``; the
    first is its root, and every child has a higher number than its parent.

    Attributes
    ----------
    columns : int64 [1]
        Number of columns of the features.
    starts : int64 [trees + 1]
    baseline : float64 [outputs]
        Raw prediction without any tree.
    feature : int32 [nodes]
        Column that the node compares with its threshold, or -1 for a leaf.
    threshold : float64 [nodes]
        A record goes to the left child if its feature is at most the threshold; 0 for a leaf.
    left, right : int32 [nodes]
        Children, counted from the root of the tree; -1 for a leaf.
    value : float64 [nodes]
        What a leaf adds to the raw prediction; 0 for other nodes.
    """

    columns: Ints
    starts: Ints
    baseline: Doubles
    feature: Indices
    threshold: Doubles
    left: Indices
    right: Indices
    value: Doubles

    @classmethod
    def of(cls, model: Any) -> Trees:
        """Take the trees from a fitted ``HistGradientBoostingClassifier`` or ``…Regressor``.

        Raises
        ------
        InputError
            The model splits by categories or missing values, which these arrays cannot hold.
        """
        trees = [predictor.nodes for one in model._predictors for predictor in one]
        nodes = np.concatenate(trees)
        leaf = nodes["is_leaf"] != 0
        if nodes["is_categorical"].any() or not np.isfinite(nodes["num_threshold"][~leaf]).all():
            raise InputError(
                "boosted trees: the model splits by categories or missing values; fit it to "
                "finite numbers"
            )
        arrays = {
            "columns": [model.n_features_in_],
            "starts": np.cumsum([0, *(len(tree) for tree in trees)]),
            "baseline": np.ravel(model._baseline_prediction),
            "feature": np.where(leaf, NONE, nodes["feature_idx"]),
            "threshold": np.where(leaf, 0, nodes["num_threshold"]),
            "left": np.where(leaf, NONE, nodes["left"].astype(np.int64)),
            "right": np.where(leaf, NONE, nodes["right"].astype(np.int64)),
            "value": np.where(leaf, nodes["value"], 0),
        }
        return cls.load({name: np.asarray(arrays[name], kind) for name, kind in TYPES.items()})

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays by name, for a file; ``load`` reads them."""
        return {name: getattr(self, name) for name in TYPES}

    @classmethod
    def load(cls, arrays: Mapping[str, npt.NDArray[Any]], where: str = "boosted trees") -> Trees:
        """Check arrays that may come from a damaged file; other names in the mapping are ignored.

        After the check, ``raw`` ends and reads no memory outside the arrays.

        Parameters
        ----------
        arrays : mapping of str to array
        where : str
            Begins the message of an error.

        Raises
        ------
        InputError
            An array is missing, has another type or shape, an index is out of range, a child does
            not follow its parent, or a number is not finite.
        """
        fault = next(_faults(arrays), None)
        if fault is None:
            trees = cls(**{name: np.ascontiguousarray(arrays[name]) for name in TYPES})
            fault = trees._fault()
            if fault is None:
                return trees
        raise InputError(f"{where}: {fault}; the file is damaged, make the model again")

    def _fault(self) -> str | None:
        """What is wrong with arrays of the right types, or None."""
        nodes, outputs, starts = len(self.feature), len(self.baseline), self.starts
        lengths = {len(array) for array in (self.threshold, self.left, self.right, self.value)}
        if lengths != {nodes}:
            return "'feature', 'threshold', 'left', 'right' and 'value' differ in length"
        if len(self.columns) != 1 or not self.columns[0] > 0:
            return "'columns' is not one positive number"
        # no difference of starts is taken before they are known to rise: it could overflow
        ordered = len(starts) > 0 and starts[0] == 0 and starts[-1] == nodes
        if not ordered or not (starts[:-1] < starts[1:]).all():
            return "'starts' does not divide the nodes into trees"
        if outputs == 0 or (len(starts) - 1) % outputs:
            return "the number of trees is not a multiple of the number of outputs"
        sizes = np.diff(starts)
        place = np.arange(nodes) - np.repeat(starts[:-1], sizes)
        end = np.repeat(sizes, sizes)
        inner = self.feature != NONE
        if not ((self.feature >= NONE) & (self.feature < self.columns[0])).all():
            return f"'feature' has a column outside of the {self.columns[0]} columns"
        for name, child in (("left", self.left), ("right", self.right)):
            if not ((child > place) & (child < end))[inner].all():
                return f"'{name}' has a child that does not follow its parent in the tree"
        return None

    def raw(self, features: Floats) -> Doubles:
        """Raw predictions, equal to those of scikit-learn bit by bit: float64 [n, outputs].

        These are log-odds for two classes, logarithms of unnormalised probabilities for more, and
        the value itself for regression.

        Parameters
        ----------
        features : float32 [n, columns]
            Finite numbers.
        """
        if features.ndim != 2 or features.shape[1] != self.columns[0]:
            raise ValueError(f"features {features.shape} for {self.columns[0]} columns")
        out = np.empty((len(features), len(self.baseline)))
        rows = np.ascontiguousarray(features, np.float32)
        _add_trees(
            frozen(rows), frozen(self.starts), frozen(self.baseline), frozen(self.feature),
            frozen(self.threshold), frozen(self.left), frozen(self.right), frozen(self.value), out,
        )  # fmt: skip
        return out


def _faults(arrays: Mapping[str, npt.NDArray[Any]]) -> Iterator[str]:
    """What is wrong with the types of the arrays, one by one."""
    for name, kind in TYPES.items():
        array = arrays.get(name)
        if array is None:
            yield f"'{name}' is missing"
        elif array.dtype != kind or array.ndim != 1:
            yield f"'{name}' is not a one-dimensional array of {kind.__name__}"
        elif not np.isfinite(array).all():
            yield f"'{name}' has a number that is not finite"


@compiled
def _add_trees(
    features: Floats,
    starts: Ints,
    baseline: Doubles,
    feature: Indices,
    threshold: Doubles,
    left: Indices,
    right: Indices,
    value: Doubles,
    out: Doubles,
) -> None:
    """Add up the trees in their order, one row after the other."""
    outputs = len(baseline)
    for row in range(len(features)):
        for output in range(outputs):
            out[row, output] = baseline[output]
        for tree in range(len(starts) - 1):
            root = starts[tree]
            node = root
            while feature[node] >= 0:
                # float64 as in scikit-learn: a threshold may lie between two float32 numbers
                if np.float64(features[row, feature[node]]) <= threshold[node]:
                    node = root + left[node]
                else:
                    node = root + right[node]
            out[row, tree % outputs] += value[node]
