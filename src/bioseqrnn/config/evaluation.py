"""Settings of scores, comparisons and decision thresholds."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from bioseqrnn.config.strict import Strict
from bioseqrnn.config.values import SEED, Name, Seed


class LearningCurveConfig(Strict):
    """Would more sequences help? Like ``{fractions: [0.25, 0.5], models: [gru, kmer_logistic]}``.

    Each model is trained again on fractions of every fold's training records
    (docs/learning_curve.md).
    """

    models: list[Name] = Field(
        [],
        description="Models and baselines that are also trained on fewer records; with an empty "
        "list there is no learning curve.",
        json_schema_extra={"uniqueItems": True},
    )
    fractions: list[Annotated[float, Field(gt=0, lt=1)]] = Field(
        [0.125, 0.25, 0.5],
        min_length=1,
        description="Fractions of the training and validation records; each is a subset of the "
        "next larger one. The fraction 1 (all records) is always trained.",
        json_schema_extra={"uniqueItems": True},
    )


class ThresholdConfig(Strict):
    """The probability from which a class is called, like ``{aim: precision, precision: 0.95}``.

    It is chosen on validation records, in tasks of two classes or several labels.
    """

    aim: Literal["mcc", "f1", "precision", "none"] = Field(
        "mcc",
        description="What the threshold optimises. mcc: Matthews correlation; f1: F1; precision: "
        "the largest recall at which a precision is reached; none: no threshold; the most probable "
        "class is called, and labels with a probability of at least 0.5.",
    )
    precision: float = Field(
        0.9, ge=0.01, le=1, description="Required precision, if the aim is precision."
    )


class ConformalConfig(Strict):
    """Prediction sets, like ``{error_rate: 0.05}``.

    The set of a record has every class that cannot be excluded (docs/domain.md).
    """

    error_rate: float = Field(
        0.1,
        ge=0.001,
        le=0.5,
        description="How often the set of a new record may lack its true class, for records of "
        "each class by themselves; in regression, how often the interval may lack the true value.",
    )


class EvaluationConfig(Strict):
    """Intervals, comparisons and thresholds."""

    bootstrap: int = Field(
        1000, ge=100, description="Bootstrap replicates, over groups of records."
    )
    confidence: float = Field(
        0.95, ge=0.5, le=0.999, description="Confidence level of the intervals."
    )
    seed: Seed = Field(SEED, description="Seed of the bootstrap.")
    threshold: ThresholdConfig = Field(
        ThresholdConfig(), description="The probability from which a class is called."
    )
    conformal: ConformalConfig = Field(
        ConformalConfig(), description="Sets of classes that cannot be excluded."
    )
    learning_curve: LearningCurveConfig = Field(
        LearningCurveConfig(), description="Scores by the number of training records."
    )
