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
        description="Of proteins: give each residue twelve fixed numbers beside its one-hot "
        "column, its place in BLOSUM62, hydropathy, volume, helix propensity and charge.",
    )
    stem_filters: int = Field(
        48, ge=0, description="Filters of the convolutional motif stem; 0 leaves the stem out."
    )
    stem_width: int = Field(
        15,
        ge=1,
        description="Residues that a stem filter spans; an odd number.",
        json_schema_extra={"not": {"multipleOf": 2}},
    )
    stem_pool: Literal["auto"] | Annotated[int, Field(ge=1, le=64)] = Field(
        "auto",
        description="Positions of the stem's output that become one step of the recurrence, by "
        "their maximum; 1 keeps every position. auto: 3 where both strands are read, as what "
        "counts there is which motifs there are more than where, else 1. Of per_position tasks "
        "always 1.",
    )
    positions: Literal["auto"] | Annotated[int, Field(ge=0)] = Field(
        "auto",
        description="Positions (steps, where the stem pools) told apart from each end by a learned "
        "embedding added to the recurrent input; 0 leaves it out. auto: 64; of per_position tasks, "
        "where the end of a window means nothing, 0.",
    )
    memory: int = Field(
        100,
        ge=0,
        description="Most steps that gates are set to remember before training, but no more than "
        "the median training record has: in every second unit of a GRU or LSTM the biases of the "
        "gates that keep the state are drawn so that it forgets after 2 to this many steps (chrono "
        "initialisation). 0: all units start alike.",
    )
    reverse_complement: Literal["auto", "none", "augment", "average"] = Field(
        "auto",
        description="The other strand of DNA. average: the same weights read both strands, whose "
        "summaries are pooled; augment: half of the training records, drawn anew in every epoch, "
        "are read as their reverse complement; none: the strand that is given. auto: average where "
        "the dataset says strands: both, else none. Proteins: always none. per_position tasks: "
        "average where the dataset says which classes are opposite, else none.",
    )
    members: int = Field(
        1,
        ge=1,
        le=100,
        description="Networks that are trained side by side from different random weights and "
        "predict together, by the mean of their probabilities. Costs as many times the time.",
    )
    pooling: list[Pooling] = Field(
        ["max", "mean"],
        min_length=1,
        description="Summaries of all positions given to the output layer, concatenated.",
        json_schema_extra={"uniqueItems": True},
    )
    residues_per_step: Literal["auto"] | Annotated[int, Field(ge=1, le=64)] = Field(
        "auto",
        description="Of per_position: residues that a step of the recurrence reads together, each "
        "with an output of its own. auto: 3 of DNA, which reads genes by codons, in a third of the "
        "steps; 1 of proteins.",
    )
    window: int | None = Field(
        1200,
        ge=4,
        description="Of per_position: longer records are trained on in windows of so many "
        "residues, cut elsewhere in each epoch, and predicted in overlapping ones whose "
        "probabilities are averaged; null takes records whole.",
    )
    window_overlap: int = Field(
        400,
        ge=0,
        description="Residues that neighbouring windows of a prediction share.",
    )
    dropout: float = Field(
        0.2, ge=0, lt=1, description="Share of inputs to recurrence and output dropped in training."
    )
    epochs: Literal["auto"] | Annotated[int, Field(ge=1)] = Field(
        "auto",
        description="Most passes over the training records. auto: 20, of per_position tasks 70.",
    )
    patience: Literal["auto"] | Annotated[int, Field(ge=1)] = Field(
        "auto",
        description="Stop after so many epochs without a better validation loss. auto: 8, of "
        "per_position tasks 15.",
    )
    refit: bool = Field(
        True,
        description="Once validation records have told how many epochs to train for, train anew on "
        "training and validation records together for as many: that network predicts the test "
        "records, as baselines do and as the final model is made. false: the first network does.",
    )
    batch_size: Literal["auto"] | Annotated[int, Field(ge=1)] = Field(
        "auto",
        description="Records per optimiser step. auto: 64; of per_position tasks 8 windows.",
    )
    learning_rate: float = Field(0.005, gt=0, description="Peak learning rate of AdamW.")
    schedule: Literal["one_cycle", "constant"] = Field(
        "one_cycle", description="Learning rate over the epochs: warm-up and cosine decay, or flat."
    )
    weight_decay: float = Field(0.01, ge=0, description="Decoupled weight decay of AdamW.")
    label_smoothing: Literal["auto"] | Annotated[float, Field(ge=0, lt=1)] = Field(
        "auto",
        description="Share of each training target spread evenly over all classes. auto: 0.05 "
        "where a record has one of two or more classes and each has a fifth of the records, "
        "less of a rarer one and none from a tenth on, as it would hide that a class is rare.",
    )
    mutation: Literal["auto"] | Annotated[float, Field(ge=0, lt=1)] = Field(
        "auto",
        description="Share of the residues of a training record replaced by random ones, drawn "
        "anew in every epoch. auto: 0.15 of proteins, none of DNA.",
    )
    shift: int = Field(
        0,
        ge=0,
        description="Most residues by which a training record is moved to either side (but a "
        "quarter of its length), drawn anew in every epoch; unknown residues move in. Not of "
        "per_position tasks.",
    )
    weight_average: float = Field(
        0.99,
        ge=0,
        lt=1,
        description="Decay of a running mean of the weights over the steps, which validates and "
        "predicts in their place: 0.99 averages over about the last 100 steps; 0 leaves it out.",
    )
    class_weight: Literal["auto", "balanced", "none"] = Field(
        "auto",
        description="Weight of a class in the training loss: balanced makes classes count alike "
        "(of multilabel, a label's records and the others), and predictions are corrected for it; "
        "auto does so where the rarest has less than a tenth of the units, not at all from a fifth "
        "on, and in between by degrees.",
    )
    monitor: Literal["auto", "loss", "auprc"] = Field(
        "auto",
        description="What the best epoch is picked and training is stopped by on the validation "
        "records: loss, or average precision (of two classes or several labels), where the loss "
        "decides between values that differ by no more than chance. auto: loss. Fewer than 5 "
        "validation records outside the largest class pick nothing, and all epochs are trained.",
    )
    gradient_clip: float = Field(
        1.0, gt=0, description="Largest norm of the gradient of a step; longer ones are scaled."
    )
    precision: Literal["fp32", "bf16"] = Field(
        "fp32",
        description="Arithmetic of training steps: single precision, or mixed with bfloat16, which "
        "needs a CUDA GPU. Weights, validation and predictions are always in single precision.",
    )

    @model_validator(mode="after")
    def _check(self) -> ModelConfig:
        if self.stem_width % 2 == 0:
            raise ValueError(f"stem_width must be odd, not {self.stem_width}")
        if len(set(self.pooling)) < len(self.pooling):
            raise ValueError("pooling names a summary twice")
        if self.window is not None and self.window_overlap > self.window - 2:
            raise ValueError(
                f"window_overlap {self.window_overlap} must be less than window {self.window}"
            )
        return self
