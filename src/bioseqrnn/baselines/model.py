"""A fitted baseline: what each can do, and the class of those that compute features."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from bioseqrnn.baselines.heads import Estimator, Head, Kind, fit_head
from bioseqrnn.baselines.majority import fractions
from bioseqrnn.baselines.preparation import Preparation
from bioseqrnn.baselines.problem import Problem
from bioseqrnn.baselines.records import Form, Records
from bioseqrnn.baselines.stored import Arrays, Stored, within
from bioseqrnn.onehot.packing import Packed
from bioseqrnn.support.arrays import Doubles, Ints
from bioseqrnn.tasks import Truth

# value of a setting that is chosen on validation records
Setting = bool | int | float | str
Settings = Mapping[str, Setting]


class Fitted(Protocol):
    """A fitted baseline.

    Attributes
    ----------
    settings : mapping
        Settings that were chosen on validation records, for JSON.
    length : int or None
        Length of the records that it can read; a record of another length gets the class fractions
        (or the mean value) of the training records. None: it reads any record.
    """

    @property
    def settings(self) -> Settings:
        """See above."""
        ...

    @property
    def length(self) -> int | None:
        """See above."""
        ...

    def scores(self, records: Records) -> Doubles:
        """Uncalibrated scores of records: float64 [units, outputs].

        The scores of a record do not depend on the other records.
        """
        ...

    def arrays(self) -> Arrays:
        """Everything that ``load`` of its module needs beside the settings."""
        ...


@dataclass(frozen=True)
class Recipe:
    """How a baseline computes and scales its features.

    Attributes
    ----------
    tables : callable
        Yields the features of all units of some records, in order, in one or more tables
        [units, columns] that may be overwritten.
    kind : Kind or None
        Makes the estimators. None: the baseline fits its head by itself.
    load : callable
        Reads an estimator.
    scaling : type or None
        ``Standard``, ``Tfidf`` or None.
    length : int or None
        As of ``Fitted``.
    extra : dict of str to array
        Arrays that the features depend on.
    """

    tables: Callable[[Records], Iterator[Any]]
    kind: Kind | None
    load: Callable[[Stored], Estimator]
    scaling: Any = None
    length: int | None = None
    extra: Arrays = field(default_factory=dict)

    def columns(self, form: Form) -> int:
        """Return the number of columns, from the features of one record without letters."""
        length = self.length or 1
        size = form.alphabet.packed_size(length)
        empty = Packed(np.zeros(size, np.uint8), np.array([0, size]), np.array([length]))
        return int(next(self.tables(form.records(empty))).shape[1])


@dataclass(frozen=True)
class FeatureModel:
    """Features, their scaling, and estimators: a ``Fitted``.

    Attributes
    ----------
    form : Form
    settings : mapping
    recipe : Recipe
    scale : Preparation or None
    head : Head
    known : float64 [outputs]
        Scores of records that have not the ``length``.
    """

    form: Form
    settings: Settings
    recipe: Recipe
    scale: Preparation | None
    head: Head
    known: Doubles

    @property
    def length(self) -> int | None:
        """See ``Fitted``."""
        return self.recipe.length

    def scores(self, records: Records) -> Doubles:
        """See ``Fitted``; records are scored in parts of a million residues."""
        parts = [np.zeros((0, self.form.outputs))]
        for some in records.chunks():
            if self.length is None:
                parts += self._tables(some)
                continue
            fits = some.lengths == self.length
            scores = np.repeat(self.known[None], len(some), axis=0)
            if fits.any():
                scores[fits] = np.concatenate(list(self._tables(some[fits])))
            parts.append(scores)
        return np.concatenate(parts)

    def _tables(self, records: Records) -> Iterator[Doubles]:
        for table in self.recipe.tables(records):
            yield self.head.scores(table if self.scale is None else self.scale(table))

    def arrays(self) -> Arrays:
        """See ``Fitted``."""
        arrays = within("head", self.head.arrays()) | within("extra", self.recipe.extra)
        if self.scale is not None:
            arrays |= within("scale", self.scale.arrays())
        if self.length is not None:
            arrays |= {"known": self.known, "length": np.array([self.length])}
        return arrays


def fit_features(
    problem: Problem, truth: Truth, features: Any, recipe: Recipe, settings: Settings
) -> FeatureModel:
    """Fit scaling and estimators to the features of the units in ``truth``."""
    assert recipe.kind is not None
    scale = None if recipe.scaling is None else recipe.scaling.of(features)
    scaled = features if scale is None else scale(features)
    head = fit_head(problem.form, truth, scaled, recipe.kind)
    return FeatureModel(problem.form, settings, recipe, scale, head, fractions(problem.form, truth))


def fit_records(problem: Problem, rows: Ints, recipe: Recipe, settings: Settings) -> FeatureModel:
    """Fit scaling and estimators to whole records; the table of features is held in memory."""
    (features,) = recipe.tables(problem.records(rows))
    return fit_features(problem, problem.truth(rows), features, recipe, settings)


def load_features(form: Form, settings: Settings, stored: Stored, recipe: Recipe) -> FeatureModel:
    """Read a model; the recipe has been made, and its length and extra arrays taken out.

    Raises
    ------
    InputError
        The arrays are not those of such a model.
    """
    columns = recipe.columns(form)
    scale = None
    if recipe.scaling is not None:
        own = stored.within("scale")
        scale = recipe.scaling.load(own)
        own.finish()
        found = len(next(iter(scale.arrays().values())))
        if found != columns:
            stored.refuse(f"the scaling has {found} features instead of {columns}")
    head = Head.load(form, stored.within("head"), recipe.load, columns)
    known = np.zeros(form.outputs)
    if recipe.length is not None:
        known = stored.take("known", np.float64, form.outputs)
    stored.finish()
    return FeatureModel(form, settings, recipe, scale, head, known)


def load_length(stored: Stored, most: int) -> int | None:
    """Take out the length of ``FeatureModel.arrays``; InputError if it is above ``most``."""
    if not stored.has("length"):
        return None
    length = int(stored.take("length", np.int64, 1)[0])
    if not 0 < length <= most:
        stored.refuse(f"array 'length' is {length}, not between 1 and {most}")
    return length
