"""Every setting with its type, range, default and meaning.

``workflow/schemas/*.schema.yaml`` and the tables in ``config/README.md`` are generated from here
(``make schemas``); a test says so when they drift.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"
Name = Annotated[str, Field(pattern=NAME)]
Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]


class Strict(BaseModel):
    """No unknown key, no conversion of types."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class ModelConfig(Strict):
    """One recurrent classifier: its architecture and how it is trained."""

    cell: Literal["rnn", "gru", "lstm"] = Field(
        description="Recurrent cell: rnn (vanilla, tanh), gru or lstm."
    )
    hidden_size: int = Field(48, ge=1, description="Units per direction and layer.")
    layers: int = Field(1, ge=1, description="Stacked recurrent layers.")
    bidirectional: bool = Field(True, description="Read the sequence in both directions.")
    stem_filters: int = Field(
        48, ge=0, description="Filters of the convolutional motif stem; 0 leaves the stem out."
    )
    stem_width: int = Field(
        9,
        ge=1,
        description="Residues that a stem filter spans; an odd number.",
        json_schema_extra={"not": {"multipleOf": 2}},
    )
    positions: int = Field(
        64,
        ge=0,
        description="Positions told apart from each end by a learned embedding added to the "
        "recurrent input; 0 leaves it out.",
    )
    pooling: list[Literal["last", "max", "mean", "attention"]] = Field(
        ["max", "mean"],
        min_length=1,
        description="Summaries of all positions given to the output layer, concatenated.",
        json_schema_extra={"uniqueItems": True},
    )
    dropout: float = Field(
        0.2, ge=0, lt=1, description="Share of inputs to recurrence and output dropped in training."
    )
    epochs: int = Field(20, ge=1, description="Most passes over the training records.")
    patience: int = Field(
        8, ge=1, description="Stop after so many epochs without a better validation loss."
    )
    batch_size: int = Field(64, ge=1, description="Records per optimiser step.")
    learning_rate: float = Field(0.005, gt=0, description="Peak learning rate of AdamW.")
    schedule: Literal["one_cycle", "constant"] = Field(
        "one_cycle", description="Learning rate over the epochs: warm-up and cosine decay, or flat."
    )
    weight_decay: float = Field(0.01, ge=0, description="Decoupled weight decay of AdamW.")
    gradient_clip: float = Field(
        1.0, gt=0, description="Largest norm of the gradient of a step; longer ones are scaled."
    )

    @model_validator(mode="after")
    def _check(self) -> ModelConfig:
        if self.stem_width % 2 == 0:
            raise ValueError(f"stem_width must be odd, not {self.stem_width}")
        if len(set(self.pooling)) < len(self.pooling):
            raise ValueError("pooling names a summary twice")
        return self


class DatasetOptions(Strict):
    """What a dataset's sequences are; for datasets that need more than the defaults."""

    alphabet: Literal["auto", "dna", "protein"] = Field(
        "auto", description="auto: DNA (or RNA) where 90 % of the letters are ACGTUN."
    )
    strands: Literal["single", "both"] = Field(
        "single",
        description="both: a DNA sequence and its reverse complement mean the same: they count as "
        "duplicates and share a fold, and k-mers are counted on both. Networks read the strand "
        "that is given.",
    )
    positive: str | None = Field(
        None, description="Positive class of two; null takes the last by name."
    )
    classes: list[str] | None = Field(
        None,
        json_schema_extra={"uniqueItems": True},
        description="The only classes allowed, in column order; null allows any, sorted by name.",
    )


class FoldsConfig(Strict):
    """Cross-validation."""

    count: int = Field(5, ge=2, le=100, description="Number of folds.")
    validation_fraction: float = Field(
        0.1,
        ge=0.01,
        le=0.5,
        description="Share of the records a fold does not test that validate (early stopping, "
        "selection) instead of training.",
    )
    seed: Seed = Field(1, description="Seed of the assignment.")


class EvaluationConfig(Strict):
    """Intervals and comparisons."""

    bootstrap: int = Field(1000, ge=100, description="Bootstrap replicates over groups.")
    confidence: float = Field(0.95, ge=0.5, le=0.999, description="Confidence of the intervals.")
    seed: Seed = Field(1, description="Seed of the bootstrap.")


class Config(Strict):
    """``config/config.yaml``."""

    datasets: str = Field(
        "config/datasets.tsv", description="Sheet of labelled FASTA files, relative to the run."
    )
    queries: str | None = Field(
        "config/queries.tsv", description="Sheet of FASTA files to predict; null for none."
    )
    results: str = Field(
        "results", pattern=r"[^/]", description="Folder that everything is written into."
    )
    dataset_options: dict[Name, DatasetOptions] = Field(
        {}, description="By dataset name: options that differ from the defaults."
    )
    folds: FoldsConfig = Field(
        FoldsConfig(), description="How records are dealt into cross-validation folds."
    )
    models: dict[Name, ModelConfig] = Field(
        {name: ModelConfig(cell=name) for name in ("rnn", "gru", "lstm")},
        min_length=1,
        description="By model name: settings that differ from the defaults.",
    )
    baselines: list[Literal["composition", "kmer_logistic", "gradient_boosting"]] = Field(
        ["composition", "kmer_logistic", "gradient_boosting"],
        description="Plain methods run on the same folds.",
        json_schema_extra={"uniqueItems": True},
    )
    seeds: list[Seed] = Field(
        [1],
        min_length=1,
        description="Every model is trained once a fold and seed.",
        json_schema_extra={"uniqueItems": True},
    )
    evaluation: EvaluationConfig = Field(
        EvaluationConfig(), description="How models are scored and compared."
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="auto takes a CUDA GPU where there is one; cuda without one stops."
    )
    threads: int = Field(
        1,
        ge=1,
        description="CPU threads of one training job. Results depend on it, so it does not follow "
        "--cores; folds run side by side instead.",
    )


class DatasetRow(Strict):
    """One row of ``config/datasets.tsv``: a FASTA file of a dataset."""

    dataset: Name = Field(description="Dataset that the file belongs to; several rows make one.")
    fasta: str = Field(min_length=1, description="FASTA file, plain or compressed.")
    label: str | None = Field(None, description="Class of every record of the file, or")
    labels: str | None = Field(
        None, description="a TSV with columns id, label and optionally group."
    )
    group: str | None = Field(
        None, description="Group of every record of the file; a group never straddles a fold."
    )


class QueryRow(Strict):
    """One row of ``config/queries.tsv``: a FASTA file to predict."""

    query: Name = Field(description="Name of the prediction table.")
    dataset: Name = Field(description="Dataset whose final model predicts.")
    fasta: str = Field(min_length=1, description="FASTA file, plain or compressed.")
