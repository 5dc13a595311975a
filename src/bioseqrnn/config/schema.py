"""Every setting with its type, range, default and meaning.

``workflow/schemas/*.schema.yaml`` and the tables in ``config/README.md`` are generated from here
(``make schemas``); a test says so when they drift.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, Field, ValidationError, model_validator

from bioseqrnn.config.space import search_space
from bioseqrnn.config.strict import Strict

NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"
Name = Annotated[str, Field(pattern=NAME)]
# class of a residue
Letter = Annotated[str, Field(pattern=r"^[!-~]$")]
Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]
Baseline = Literal[
    "majority", "composition", "kmer_logistic", "gapped_kmer", "gradient_boosting", "pwm", "cnn"
]

Members = Annotated[
    list[Name], Field(min_length=2, max_length=20, json_schema_extra={"uniqueItems": True})
]


class ModelConfig(Strict):
    """One recurrent classifier: its architecture and how it is trained."""

    cell: Literal["rnn", "gru", "lstm"] = Field(
        description="Recurrent cell: rnn (vanilla, tanh), gru or lstm."
    )
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
    pooling: list[Literal["last", "max", "mean", "attention", "centre"]] = Field(
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

    models: list[Name] = Field(
        [],
        description="Models of `models` that are also searched, each as one more model called "
        "{model}_search.",
        json_schema_extra={"uniqueItems": True},
    )
    trials: int = Field(
        20,
        ge=1,
        le=10000,
        description="Settings tried in each fold, by all workers together, those of `models` "
        "first. Raised later, a search goes on from the trials that it has.",
    )
    workers: int = Field(
        1,
        ge=1,
        le=1000,
        description="Jobs that share the trials of one fold. With one, the same trials are made "
        "every time; with several, which come next depends on who ends first.",
    )
    inner_folds: int = Field(
        3,
        ge=2,
        le=20,
        description="Folds that the training records of a fold are dealt into: a trial is scored "
        "by its mean over them.",
    )
    prune: bool = Field(
        True,
        description="Stop a trial between two inner folds where its mean so far is worse than the "
        "median of the trials before.",
    )
    seed: Seed = Field(1, description="Seed of the trials, their inner folds and trainings.")
    space: SearchSpace = Field(
        SearchSpace(**DEFAULT_SPACE),
        description="What is searched: settings of `models` (but monitor and precision), each with "
        "a range of numbers, {low: 16, high: 128, log: true}, or a list of choices, [7, 11, 15]. "
        "Given, it replaces all of the default (docs/search.md).",
    )

    @model_validator(mode="after")
    def _check(self) -> SearchConfig:
        space = self.space.model_dump(exclude_none=True)
        if not space:
            raise ValueError("space: names no setting to search")
        for name, choices in space.items():
            for choice in choices if isinstance(choices, list) else []:
                try:
                    ModelConfig(**{"cell": "gru", name: choice})
                except ValidationError as error:
                    why = error.errors()[0]["msg"].removeprefix("Value error, ")
                    raise ValueError(f"space: {name}: {choice!r}: {why}") from None
        return self


class LearningCurveConfig(Strict):
    """Would more sequences help? Like ``{fractions: [0.25, 0.5], models: [gru, kmer_logistic]}``.

    Each is trained again on shares of every fold's training records (docs/learning_curve.md).
    """

    models: list[Name] = Field(
        [],
        description="Models and baselines that are also trained on fewer records; none leaves it "
        "out.",
        json_schema_extra={"uniqueItems": True},
    )
    fractions: list[Annotated[float, Field(gt=0, lt=1)]] = Field(
        [0.125, 0.25, 0.5],
        min_length=1,
        description="Shares of the training and validation records, each part of the next larger. "
        "All of them, 1, is what was trained anyway.",
        json_schema_extra={"uniqueItems": True},
    )


class NegativesConfig(Strict):
    """Negatives made for a dataset of positives, like ``negatives: {method: shuffle, k: 2}``."""

    method: Literal["none", "shuffle", "genome"] = Field(
        "none",
        description="none: the records are all there is; shuffle: rearrange each record, keeping "
        "the exact counts of its k-mers; genome: draw windows of a genome that match each record "
        "in length and G+C.",
    )
    label: str = Field("negative", min_length=1, description="Class of what is made.")
    k: int = Field(
        2,
        ge=1,
        le=8,
        description="Of shuffle: 2 keeps pairs of neighbours (dinucleotides), 1 the composition.",
    )
    per_positive: int = Field(1, ge=1, le=100, description="Negatives for each record.")
    seed: Seed = Field(1, description="Seed of the draw.")
    genome: str | None = Field(
        None, description="Of genome: FASTA of the genome, plain or bgzip, relative to the run."
    )


class DatasetOptions(Strict):
    """What a dataset is, like ``promoters: {strands: both}``, where the defaults do not fit."""

    task: Literal["classification", "multilabel", "regression", "per_position"] = Field(
        "classification",
        description="What a label is: one class; any number of classes; a number; or one character "
        "for each residue, in the third line of each record (docs/tasks.md).",
    )
    label_separator: str = Field(
        ";", min_length=1, description="Of multilabel: what stands between the labels of a record."
    )
    alphabet: Literal["auto", "dna", "protein"] = Field(
        "auto", description="auto: DNA (or RNA) where 90 % of the letters are ACGTUN."
    )
    ids: Literal["word", "header"] = Field(
        "word",
        description="Id of a record: the first word of its header, or the whole header where first "
        "words are not unique.",
    )
    window: int | None = Field(
        None,
        ge=1,
        description="Of intervals: length of the windows, each around the middle of its interval; "
        "null takes the intervals as they are.",
    )
    block: int | None = Field(
        None,
        ge=2,
        description="Of per_position: longer records (chromosomes) are cut into blocks of at most "
        "so many residues, as equal as they can be; each is a record of its own that is dealt into "
        "a fold. null leaves records whole.",
    )
    opposite: dict[Letter, Letter] | None = Field(
        None,
        description="Of per_position DNA: classes that a base has on one strand and on the other, "
        "like {F: R} for genes; all others stay what they are ({} where all do). Networks then "
        "read both strands. null: they read the strand that is given.",
    )
    strands: Literal["single", "both"] = Field(
        "single",
        description="both: a DNA sequence and its reverse complement mean the same: they count as "
        "duplicates and share a fold, k-mers are counted on both, and networks read both.",
    )
    positive: str | None = Field(
        None,
        description="Positive class of two; null takes the last by name, or the class that "
        "negatives are made for.",
    )
    classes: list[str] | None = Field(
        None,
        json_schema_extra={"uniqueItems": True},
        description="The only classes allowed, in column order; null allows any, sorted by name.",
    )
    negatives: NegativesConfig = Field(
        NegativesConfig(), description="Negatives to make where there are only positives."
    )

    @property
    def makes_negatives(self) -> bool:
        """Whether records are to be made."""
        return self.negatives.method != "none"


class Check(Strict):
    """One check of the audit."""

    limit: float = Field(
        ge=0, description="Largest value that passes; of class_balance the smallest."
    )
    action: Literal["warn", "stop", "ignore"] = Field(
        "warn",
        description="Beyond the limit: warn and go on, or stop before anything is trained. ignore "
        "leaves the check out.",
    )


class LeakageCheck(Check):
    """Exact leakage."""

    limit: float = Field(0, ge=0, description="Most records that may stand on both sides.")
    action: Literal["warn", "stop", "ignore"] = Field(
        "stop", description="As of the other checks, but stop unless told otherwise."
    )


class CountCheck(Check):
    """A number of records."""

    limit: float = Field(0, ge=0, description="Most records that pass.")


class RepeatCheck(Check):
    """A share of the records."""

    limit: float = Field(0.1, ge=0, le=1, description="Largest share of the records that passes.")


class ShareCheck(Check):
    """A small share of records or residues."""

    limit: float = Field(0.05, ge=0, le=1, description="Largest share that passes.")


class BalanceCheck(Check):
    """The share of the rarest class."""

    limit: float = Field(0.05, ge=0, le=1, description="Smallest share that passes.")


class FirstResidueCheck(Check):
    """AUC of the first residue."""

    limit: float = Field(0.7, ge=0.5, le=1, description="Largest AUC that passes.")


class LengthCheck(Check):
    """AUC of the length."""

    limit: float = Field(0.8, ge=0.5, le=1, description="Largest AUC that passes.")


class CompositionCheck(Check):
    """AUC of the composition."""

    limit: float = Field(0.9, ge=0.5, le=1, description="Largest AUC that passes.")


class AuditConfig(Strict):
    """Checks before training, like ``duplicates: {limit: 0.2, action: stop}``.

    ``limit`` is the largest value that passes (of ``class_balance`` the smallest). Beyond it,
    ``action: warn`` says so and goes on, ``stop`` trains nothing; ``ignore`` leaves the check out.
    """

    identity: float = Field(
        0.9,
        ge=0.5,
        le=1,
        description="Share of identical residues, over at least 80 % of both sequences, from which "
        "two records are near-identical.",
    )
    leakage: LeakageCheck = Field(
        LeakageCheck(),
        description="Records whose sequence (or its reverse complement) stands in a train or "
        "validation row of the sheet and in a test row. One such record makes a test score a "
        "lie, so it stops.",
    )
    near_leakage: CountCheck = Field(
        CountCheck(),
        description="The same with near-identical sequences.",
    )
    label_conflicts: CountCheck = Field(
        CountCheck(),
        description="Records whose sequence also stands under another label: no model can call "
        "all of them right.",
    )
    duplicates: RepeatCheck = Field(
        RepeatCheck(),
        description="Share of records whose sequence stood before. They share a fold, so they "
        "cannot leak, but count several times.",
    )
    reverse_complements: RepeatCheck = Field(
        RepeatCheck(),
        description="Share of DNA records whose reverse complement is another record. Passes with "
        "strands: both, which keeps the two together.",
    )
    near_duplicates: ShareCheck = Field(
        ShareCheck(),
        description="Share of records with a near-identical record of another class in their "
        "cluster: the labels hang on few residues, or are wrong.",
    )
    overlaps: ShareCheck = Field(
        ShareCheck(),
        description="Share of records that have a stretch in common with another record which "
        "chance does not explain: overlapping windows of a genome, fragments of a protein.",
    )
    length: LengthCheck = Field(
        LengthCheck(),
        description="AUC that the length alone reaches (one class against the rest, the largest). "
        "Real families differ in length somewhat; 0.8 is more than that explains.",
    )
    composition: CompositionCheck = Field(
        CompositionCheck(),
        description="AUC that the shares of the residues alone reach, out of fold. Composition is "
        "often real biology (GC content, charge), so the limit is high.",
    )
    first_residue: FirstResidueCheck = Field(
        FirstResidueCheck(),
        description="AUC that the first residue alone reaches, out of fold. One residue should "
        "say little: more betrays how records were cut (a start M in one class only).",
    )
    class_balance: BalanceCheck = Field(
        BalanceCheck(), description="Share of the rarest class; less than this is beyond."
    )
    ambiguity: ShareCheck = Field(
        ShareCheck(), description="Share of ambiguous residues (N, X and the like)."
    )


class FoldsConfig(Strict):
    """Cross-validation (docs/folds.md)."""

    grouping: Literal["homology", "duplicates", "column", "none"] = Field(
        "homology",
        description="What keeps records in one fold. homology: sequences alike, over any number of "
        "steps, found by MMseqs2; duplicates: equal sequences; column: the groups of the sheet or "
        "labels TSV (chromosome, study, patient), which there must be. All three keep equal "
        "sequences and the groups given together. none: nothing, to see what leaks.",
    )
    identity_dna: float = Field(
        0.8,
        ge=0.5,
        le=1,
        description="Share of identical residues in the alignment from which DNA sequences are "
        "alike, on either strand.",
    )
    identity_protein: float = Field(
        0.4,
        ge=0.2,
        le=1,
        description="The same of proteins and peptides.",
    )
    length_correction: bool = Field(
        True,
        description="Of proteins: alignments of less than 52 residues need more identity, after "
        "the curve of Rost (1999), up to 0.8 at 16 and less: short peptides are alike by chance.",
    )
    coverage: float = Field(
        0.8,
        ge=0.1,
        le=1,
        description="Share of each of two sequences that the alignment must span.",
    )
    count: int = Field(5, ge=2, le=100, description="Number of folds.")
    repeats: int = Field(
        1,
        ge=1,
        le=100,
        description="How often all records are dealt anew, with another seed: fold numbers go on, "
        "and a record is tested once a repeat.",
    )
    validation_fraction: float = Field(
        0.1,
        ge=0.01,
        le=0.5,
        description="Share of the records a fold does not test that validate (early stopping, "
        "selection) instead of training.",
    )
    seed: Seed = Field(1, description="Seed of the assignment.")
    exclude_leaking: bool = Field(
        False,
        description="Of a split given in the sheet: leave out the test records that are alike a "
        "training or validation record. They are counted in leaks.tsv in any case.",
    )
    compare_random: list[Name] | None = Field(
        None,
        description="Baselines and models that are also scored on random folds, to show what "
        "those would have claimed; null takes kmer_logistic where it is among the baselines, [] "
        "none.",
        json_schema_extra={"uniqueItems": True},
    )


class ThresholdConfig(Strict):
    """From which probability on a class is called, like ``{aim: precision, precision: 0.95}``.

    Chosen on validation records, in tasks of two classes or several labels.
    """

    aim: Literal["mcc", "f1", "precision", "none"] = Field(
        "mcc",
        description="What it is best for: Matthews correlation; F1; the largest recall at which "
        "a precision is reached; or none: the most probable class, and labels from 0.5 on.",
    )
    precision: float = Field(
        0.9, ge=0.01, le=1, description="Of the aim precision: what is to be reached."
    )


class EvaluationConfig(Strict):
    """Intervals, comparisons and thresholds."""

    bootstrap: int = Field(1000, ge=100, description="Bootstrap replicates over groups.")
    confidence: float = Field(0.95, ge=0.5, le=0.999, description="Confidence of the intervals.")
    seed: Seed = Field(1, description="Seed of the bootstrap.")
    threshold: ThresholdConfig = Field(
        ThresholdConfig(), description="From which probability a class is called."
    )
    learning_curve: LearningCurveConfig = Field(
        LearningCurveConfig(), description="Scores by the number of training records."
    )


class Config(Strict):
    """``config/config.yaml``."""

    datasets: str = Field(
        "config/datasets.tsv", description="Sheet of labelled FASTA files, relative to the run."
    )
    queries: str | None = Field(
        "config/queries.tsv",
        description="Sheet of FASTA files to predict; null for none. Where it is not named, and no "
        "such file is there, nothing is predicted.",
    )
    results: str = Field(
        "results",
        pattern=r"[^/]",
        description="Folder that everything is written into, written out: ~ and $HOME stand for "
        "themselves.",
    )
    dataset_options: dict[Name, DatasetOptions] = Field(
        {}, description="By dataset name: options that differ from the defaults."
    )
    shards: int = Field(
        1,
        ge=1,
        le=256,
        description="Parts that the FASTA files of a dataset are encoded in, side by side; for "
        "files of many gigabytes. The table is the same.",
    )
    audit: AuditConfig = Field(
        AuditConfig(), description="What is checked before training, and what stops it."
    )
    folds: FoldsConfig = Field(
        FoldsConfig(), description="How records are dealt into cross-validation folds."
    )
    models: dict[Name, ModelConfig] = Field(
        {name: ModelConfig(cell=name) for name in ("rnn", "gru", "lstm")},
        min_length=1,
        description="By model name: settings that differ from the defaults.",
    )
    baselines: list[Baseline] = Field(
        ["majority", "composition", "kmer_logistic", "gradient_boosting", "pwm"],
        description="Plain methods run on the same folds (docs/baselines.md says what each is). "
        "gapped_kmer and cnn cost more and are left out unless named; gapped_kmer and pwm score "
        "whole records, and are left out of per_position datasets.",
        json_schema_extra={"uniqueItems": True},
    )
    seeds: list[Seed] = Field(
        [1],
        min_length=1,
        description="Every model is trained once a fold and seed.",
        json_schema_extra={"uniqueItems": True},
    )
    transfer: dict[Name, Members] = Field(
        {},
        description="By name: datasets with the same positives and different negatives. The "
        "networks of each are tested on the records of every other (docs/transfer.md).",
    )
    evaluation: EvaluationConfig = Field(
        EvaluationConfig(), description="How models are scored and compared."
    )
    search: SearchConfig = Field(
        SearchConfig(), description="Which models are searched for better settings, and how."
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto",
        description="auto takes a CUDA GPU where there is one; cuda without one stops. Jobs of one "
        "machine take turns on its GPUs; a cluster's are asked for with cuda only.",
    )
    devices: int = Field(
        1,
        ge=1,
        description="Devices of one node that train one network together, each its part of every "
        "batch (docs/training.md). Folds side by side use several GPUs better where there are "
        "as many.",
    )
    nodes: int = Field(
        1, ge=1, description="Nodes that train one network together, started by srun."
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
    fasta: str = Field(
        min_length=1,
        description="FASTA file, plain or compressed, or a folder or glob of several; or the "
        "address of one in remote storage (docs/cluster.md).",
    )
    label: str | None = Field(
        None,
        description="Label of every record of the file. A row has this or one of the next three "
        "(docs/labels.md shows each).",
    )
    labels: str | None = Field(
        None, description="A TSV with the columns id, label and optionally group."
    )
    label_key: str | None = Field(
        None, description="What stands before = and the label in each record's header."
    )
    intervals: str | None = Field(
        None,
        description="A BED or TSV file of labelled intervals: the FASTA file is a genome (plain or "
        "bgzip), the records are its windows. With label, that is the label of all.",
    )
    split: Literal["train", "validation", "test"] | None = Field(
        None,
        description="What the file is for, in all rows of a dataset or in none: a given split "
        "takes the place of cross-validation.",
    )
    group: str | None = Field(
        None, description="Group of every record of the file; a group never straddles a fold."
    )


class QueryRow(Strict):
    """One row of ``config/queries.tsv``: a FASTA file to predict."""

    query: Name = Field(description="Name of the prediction table.")
    dataset: Name = Field(description="Dataset whose final model predicts.")
    fasta: str = Field(min_length=1, description="FASTA file, plain or compressed.")
