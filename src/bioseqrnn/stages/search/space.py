"""A search space in the form that Optuna needs."""

from __future__ import annotations

import json
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from bioseqrnn.config.models import ModelConfig
from bioseqrnn.config.search import SearchConfig
from bioseqrnn.support.checked import parse_json


def distributions(config: SearchConfig) -> dict[str, BaseDistribution]:
    """Distribution of every searched setting.

    A choice that is a list (``pooling``) is written as JSON: Optuna stores only text and numbers.
    """
    found: dict[str, BaseDistribution] = {}
    for name, kind in config.space.model_dump(exclude_none=True).items():
        if isinstance(kind, list):
            found[name] = CategoricalDistribution([_flat(choice) for choice in kind])
        elif ModelConfig.model_fields[name].annotation is int:
            found[name] = IntDistribution(kind["low"], kind["high"], log=kind["log"])
        else:
            found[name] = FloatDistribution(kind["low"], kind["high"], log=kind["log"])
    return found


def _flat(choice: Any) -> Any:
    return json.dumps(choice) if isinstance(choice, list) else choice


def own_values(config: ModelConfig, searched: dict[str, BaseDistribution]) -> dict[str, Any] | None:
    """A model's own values of the searched settings; None if the space does not contain all."""
    values = {name: _flat(value) for name, value in config.model_dump().items() if name in searched}
    for name, value in values.items():
        kind = searched[name]
        if isinstance(kind, CategoricalDistribution):
            inside = value in kind.choices
        else:
            assert isinstance(kind, (IntDistribution, FloatDistribution))
            inside = kind.low <= value <= kind.high
        if not inside:
            return None
    return values


def settings(params: dict[str, Any]) -> dict[str, Any]:
    """Settings of a model from the values of a trial."""
    lists = [name for name in params if isinstance(ModelConfig.model_fields[name].default, list)]
    return params | {name: parse_json(str(params[name]), name) for name in lists}
