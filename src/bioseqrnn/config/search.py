"""Settings of the hyperparameter search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, Field, ValidationError, model_validator

from bioseqrnn.config.models import ModelConfig
from bioseqrnn.config.space import search_space
from bioseqrnn.config.strict import Strict
from bioseqrnn.config.values import SEED, Name, Seed

if TYPE_CHECKING:
    SearchSpace = BaseModel
else:
    SearchSpace = search_space(ModelConfig)

DEFAULT_SPACE: dict[str, Any] = {
    "hidden_size": {"low": 24, "high": 128, "log": True},
    "stem_filters": {"low": 16, "high": 128, "log": True},
    "stem_width": [5, 9, 13, 17],
    "dropout": {"low": 0.0, "high": 0.5},
    "learning_rate": {"low": 0.001, "high": 0.02, "log": True},
    "weight_decay": {"low": 0.001, "high": 0.3, "log": True},
}


class SearchConfig(Strict):
    """Hyperparameter search, like ``{models: [gru], trials: 40, workers: 4}``.

    Within the training records of each fold; ``gru_search`` then stands beside ``gru`` in every
    table (docs/search.md).
    """

    EXAMPLE = '{"trials": 40}'

    models: list[Name] = Field(
        [],
        description="Models of `models` whose settings are also searched; each search is one "
        "more model, called {model}_search.",
        json_schema_extra={"uniqueItems": True},
    )
    trials: int = Field(
        20,
        ge=1,
        le=10000,
        description="Number of trials in each fold, by all workers together; the first one uses "
        "the settings of `models`. If the number is increased later, a search continues from its "
        "existing trials.",
    )
    workers: int = Field(
        1,
        ge=1,
        le=1000,
        description="Jobs that share the trials of one fold. With one job, the same trials are "
        "made every time; with several, the next trial depends on which job finishes first.",
    )
    inner_folds: int = Field(
        3,
        ge=2,
        le=20,
        description="Number of inner folds into which the training records of a fold are divided. "
        "The score of a trial is its mean over them.",
    )
    prune: bool = Field(
        True,
        description="Stop a trial between two inner folds if its mean so far is worse than the "
        "median of the earlier trials.",
    )
    seed: Seed = Field(SEED, description="Seed of the trials, their inner folds and trainings.")
    space: SearchSpace = Field(
        SearchSpace(**DEFAULT_SPACE),
        description="What is searched: settings of `models` (except monitor and precision), each "
        "with a range of numbers, {low: 16, high: 128, log: true}, or a list of choices, [7, 11, "
        "15]. A given space replaces the whole default (docs/search.md).",
    )

    @model_validator(mode="after")
    def _check(self) -> SearchConfig:
        space = self.space.model_dump(exclude_none=True)
        if not space:
            raise ValueError("space: contains no setting to search")
        for name, choices in space.items():
            for choice in choices if isinstance(choices, list) else []:
                try:
                    ModelConfig(**{"cell": "gru", name: choice})
                except ValidationError as error:
                    why = error.errors()[0]["msg"].removeprefix("Value error, ")
                    raise ValueError(f"space: {name}: {choice!r}: {why}") from None
        return self
