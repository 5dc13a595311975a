"""The baselines by name: each is a line of ``config/choices.py`` and a module.

A module has these functions; ``choose`` and ``choices`` only if it has settings to choose.

``choices(form)``
    Allowed values of each setting, in order, by name.
``choose(problem, train, validation)``
    Settings that are best on the validation records, and the model fitted to the training records
    with them.
``fit(problem, rows, settings)``
    A model (``model.Fitted``) fitted to some records.
``load(form, settings, stored)``
    The same model from its arrays (``stored.Stored``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import median_low
from typing import Any, cast

from bioseqrnn.baselines.model import Fitted, Setting, Settings
from bioseqrnn.baselines.problem import Problem
from bioseqrnn.baselines.records import Form
from bioseqrnn.baselines.stored import Array, Stored
from bioseqrnn.config.choices import BASELINES
from bioseqrnn.onehot.alphabet import Alphabet
from bioseqrnn.support.arrays import Ints
from bioseqrnn.support.errors import InputError
from bioseqrnn.tasks import Task


def applicable(name: str, task: str) -> bool:
    """Whether a baseline applies to a task, given the task's name in metadata or configuration."""
    return task != "per_position" or not BASELINES[name].whole_records


def require_applicable(name: str, task: str, sequences: str) -> None:
    """Raise InputError if a baseline is unknown or does not apply to the task of a table."""
    if name not in BASELINES:
        raise InputError(f"baseline '{name}' is unknown; known: {', '.join(BASELINES)}")
    if not applicable(name, task):
        raise InputError(
            f"baseline '{name}' scores whole records, but '{sequences}' has a label for each "
            "residue (task per_position)"
        )


def choose(
    name: str, problem: Problem, train: Ints, validation: Ints
) -> tuple[dict[str, Setting], Fitted]:
    """Choose the settings of a baseline on validation records.

    Parameters
    ----------
    name : str
        Name in ``BASELINES``. Only the module of this baseline is imported.
    problem : Problem
    train, validation : int64 [n]
        Rows of the table.

    Returns
    -------
    settings : dict
        Empty if there is nothing to choose.
    fitted : Fitted
        Model with these settings, fitted to the training records.
    """
    module = BASELINES[name].load()
    if not hasattr(module, "choose"):
        return {}, fit(name, problem, train, {})
    settings, fitted = module.choose(problem, train, validation)
    return dict(settings), cast(Fitted, fitted)


def fit(name: str, problem: Problem, rows: Ints, settings: Settings) -> Fitted:
    """Fit a baseline to some records of a table, with settings as from ``choose``."""
    return cast(Fitted, BASELINES[name].load().fit(problem, rows, settings))


def load(
    name: str,
    form: Form,
    settings: Settings,
    arrays: Mapping[str, Array],
    where: str,
) -> Fitted:
    """Return the model that was fitted, from its arrays; nothing in them is executed.

    Parameters
    ----------
    name : str
    form : Form
        As of the table that it was fitted to.
    settings : mapping
        ``Fitted.settings``.
    arrays : mapping of str to array
        ``Fitted.arrays()``.
    where : str
        Name of the file, at the beginning of messages.

    Raises
    ------
    InputError
        The settings or arrays are not those of such a model.
    """
    if name not in BASELINES:
        raise InputError(f"{where}: baseline '{name}' is unknown to this version; update bioseqrnn")
    if not applicable(name, form.task.name):
        raise InputError(f"{where}: baseline {name} does not apply to the task {form.task.name}")
    check_settings(name, form, settings, where)
    return cast(Fitted, BASELINES[name].load().load(form, settings, Stored(arrays, where)))


def form_of(task: Task, classes: list[str], alphabet: Alphabet, strands: str) -> Form:
    """Return the form of a model, from the fields of its card."""
    return Form(task, classes, alphabet, strands == "both")


def choices_of(name: str, form: Form) -> dict[str, Sequence[Setting]]:
    """Return the allowed values of each setting of a baseline, in order."""
    module = BASELINES[name].load()
    return dict(module.choices(form)) if hasattr(module, "choices") else {}


def check_settings(name: str, form: Form, settings: Mapping[str, Any], where: str) -> None:
    """Raise InputError unless ``settings`` has an allowed value for each setting of a baseline."""
    choices = choices_of(name, form)
    for key in sorted({*choices, *settings}):
        if key not in choices:
            known = f"it has {', '.join(choices)}" if choices else "it has none"
            raise InputError(f"{where}: baseline {name} has no setting '{key}'; {known}")
        allowed = choices[key]
        if key not in settings:
            raise InputError(f"{where}: setting '{key}' of baseline {name} is missing")
        value = settings[key]
        # true is 1 for Python
        if value not in allowed or isinstance(value, bool) != isinstance(allowed[0], bool):
            shown = ", ".join(str(one) for one in allowed)
            raise InputError(f"{where}: setting '{key}' of baseline {name} must be one of {shown}")


def agreed(choices: Sequence[Settings]) -> dict[str, Setting]:
    """Combine the settings that were chosen in several folds into those of a final model.

    A number is the median; of an even number of folds, the lower of the two in the middle, so that
    it is one of the values that were chosen. A name, or true or false, is the most frequent one; of
    several that are equally frequent, the one that was chosen first.
    """
    combined: dict[str, Setting] = {}
    for key in choices[0] if choices else ():
        values = [settings[key] for settings in choices]
        if any(isinstance(value, (bool, str)) for value in values):
            combined[key] = Counter(values).most_common(1)[0][0]
        else:
            combined[key] = median_low(cast("list[float]", values))
    return combined
