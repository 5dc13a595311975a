"""Settings of one recurrent classifier."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from bioseqrnn.config.strict import Strict
from bioseqrnn.config.values import Cell, Pooling


class ModelConfig(Strict):
    """One recurrent classifier: its architecture and how it is trained."""

    EXAMPLE = '{"cell": "gru"}'

    cell: Cell = Field(description="Recurrent cell: rnn (vanilla, tanh), gru or lstm.")
    hidden_size: int = Field(48, ge=1, description="Units per direction and layer.")
    layers: int = Field(1, ge=1, description="Stacked recurrent layers.")
    bidirectional: bool = Field(True, description="Read the sequence in both directions.")
    residue_properties: bool = Field(
        True,
        description="Give each residue of a protein twelve fixed numbers in addition to its "
        "one-hot column: its place in BLOSUM62, hydropathy, volume, helix propensity and charge.",
    )
    stem_filters: int = Field(
        48, ge=0, description="Filters of the convolutional motif stem; 0: no stem."
    )
    stem_width: int = Field(
        15,
        ge=1,
        description="Number of residues that a filter of the stem covers; an odd number.",
        json_schema_extra={"not": {"multipleOf": 2}},
    )
    stem_pool: Literal["auto"] | Annotated[int, Field(ge=1, le=64)] = Field(
        "auto",
        description="Number of positions of the stem's output that are combined, by their maximum, "
        "into one step of the recurrence; 1 keeps every position. auto: 3 if both strands are "
        "read, because the presence of motifs then matters more than their position; otherwise 1. "
        "It is always 1 in per_position tasks.",
    )
    stem_summary: Literal["auto"] | bool = Field(
        "auto",
        description="Give the output layer the largest value of each filter of the stem, in "
        "addition to the summaries of the recurrent layer. auto: true if both strands are read, "
        "because the presence of motifs then matters more than their position; otherwise false. It "
        "is always false in per_position tasks and without a stem.",
    )
    positions: Literal["auto"] | Annotated[int, Field(ge=0)] = Field(
        "auto",
        description="Number of positions (steps, if the stem pools) from each end that have a "
        "learned embedding, which is added to the input of the recurrence; 0: no embedding. auto: "
        "64; 0 in per_position tasks, where the end of a window has no meaning.",
    )
    memory: int = Field(
        100,
        ge=0,
        description="Maximum number of steps that gates are initialised to remember, limited to "
        "the median length of the training records. In every second unit of a GRU or LSTM, the "
        "biases of the gates that keep the state are drawn so that the unit forgets after 2 to "
        "this many steps (chrono initialisation). 0: all units start in the same way.",
    )
    reverse_complement: Literal["auto", "none", "augment", "average"] = Field(
        "auto",
        description="How the other strand of DNA is used. average: the same weights read both "
        "strands, and their summaries are pooled; augment: half of the training records, drawn "
        "anew in every epoch, are read as their reverse complement; none: the given strand is "
        "read. auto: average if the dataset has strands: both, otherwise none. Proteins: always "
        "none. per_position tasks: average if the dataset declares opposite classes, otherwise "
        "none.",
    )
    members: int = Field(
        1,
        ge=1,
        le=100,
        description="Number of networks that are trained from different random weights and predict "
        "together, by the mean of their probabilities. The time increases with their number.",
    )
    pooling: list[Pooling] = Field(
        ["max", "mean"],
        min_length=1,
        description="Summaries of all positions that are concatenated for the output layer.",
        json_schema_extra={"uniqueItems": True},
    )
    residues_per_step: Literal["auto"] | Annotated[int, Field(ge=1, le=64)] = Field(
        "auto",
        description="Number of residues that one step of the recurrence reads together in "
        "per_position tasks; each has an output of its own. auto: 3 for DNA, so that genes are "
        "read by codons, in a third of the steps; 1 for proteins.",
    )
    window: int | None = Field(
        1200,
        ge=4,
        description="Number of residues of a window in per_position tasks. For training, longer "
        "records are cut into windows, at other positions in each epoch; they are predicted in "
        "overlapping windows whose probabilities are averaged; null: records are not cut.",
    )
    window_overlap: int = Field(
        400,
        ge=0,
        description="Number of residues that neighbouring windows of a prediction share.",
    )
    dropout: float = Field(
        0.2,
        ge=0,
        lt=1,
        description="Fraction of the inputs to the recurrence and the output layer that is "
        "dropped in training.",
    )
    epochs: Literal["auto"] | Annotated[int, Field(ge=1)] = Field(
        "auto",
        description="Maximum number of passes over the training records. auto: 20; 70 in "
        "per_position tasks.",
    )
    patience: Literal["auto"] | Annotated[int, Field(ge=1)] = Field(
        "auto",
        description="Number of epochs without a better validation loss after which training stops. "
        "auto: 8; 15 in per_position tasks.",
    )
    refit: bool = Field(
        True,
        description="Train again on training and validation records together, for the number of "
        "epochs that was best on the validation records. That network predicts the test records; "
        "baselines are also fitted to both parts. false: the first network predicts them.",
    )
    batch_size: Literal["auto"] | Annotated[int, Field(ge=1)] = Field(
        "auto",
        description="Number of records for each step of the optimiser. auto: 64; 8 windows in "
        "per_position tasks.",
    )
    learning_rate: float = Field(0.005, gt=0, description="Peak learning rate of AdamW.")
    schedule: Literal["one_cycle", "constant"] = Field(
        "one_cycle", description="Learning rate over the epochs: warm-up and cosine decay, or flat."
    )
    weight_decay: float = Field(0.01, ge=0, description="Decoupled weight decay of AdamW.")
    label_smoothing: Literal["auto"] | Annotated[float, Field(ge=0, lt=1)] = Field(
        "auto",
        description="Fraction of each training target that is spread evenly over all classes. "
        "auto: 0.05 if a record has one of two or more classes and each class has at least a fifth "
        "of the records; less if a class is rarer, and 0 if a class has a tenth or less, because "
        "smoothing would hide that the class is rare.",
    )
    mutation: Literal["auto"] | Annotated[float, Field(ge=0, lt=1)] = Field(
        "auto",
        description="Fraction of the residues of a training record that are replaced by random "
        "ones, drawn anew in every epoch. auto: 0.15 for proteins, 0 for DNA.",
    )
    shift: int = Field(
        0,
        ge=0,
        description="Maximum number of residues by which a training record is shifted to either "
        "side (at most a quarter of its length), drawn anew in every epoch; unknown residues fill "
        "the gap. Not used in per_position tasks.",
    )
    weight_average: float = Field(
        0.99,
        ge=0,
        lt=1,
        description="Decay of a running mean of the weights over the steps, which is used instead "
        "of them for validation and prediction: 0.99 averages over about the last 100 steps; 0: no "
        "mean.",
    )
    class_weight: Literal["auto", "balanced", "none"] = Field(
        "auto",
        description="Weight of a class in the training loss. balanced: all classes count the same "
        "(in multilabel tasks, the records with a label and those without it), and predictions are "
        "corrected for it. auto: balanced if the rarest class has less than a tenth of the units, "
        "none if it has a fifth or more, and gradually less in between.",
    )
    monitor: Literal["auto", "loss", "auprc"] = Field(
        "auto",
        description="Validation score that selects the best epoch and stops training: the loss, or "
        "average precision (two classes or several labels); if average precisions differ by no "
        "more than chance, the loss decides. auto: loss. With fewer than 5 validation records "
        "outside the largest class, no epoch is selected, and all epochs are trained.",
    )
    gradient_clip: float = Field(
        1.0,
        gt=0,
        description="Maximum norm of the gradient of a step; a larger gradient is scaled down to "
        "it.",
    )
    precision: Literal["fp32", "bf16"] = Field(
        "fp32",
        description="Arithmetic of training steps: single precision, or mixed with bfloat16, which "
        "needs a CUDA GPU. Weights, validation and predictions always use single precision.",
    )

    @model_validator(mode="after")
    def _check(self) -> ModelConfig:
        if self.stem_width % 2 == 0:
            raise ValueError(f"stem_width must be odd, not {self.stem_width}")
        if len(set(self.pooling)) < len(self.pooling):
            raise ValueError("pooling contains a summary twice")
        if self.window is not None and self.window_overlap > self.window - 2:
            raise ValueError(
                f"window_overlap {self.window_overlap} must be less than window {self.window}"
            )
        return self
