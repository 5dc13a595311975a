"""All settings: ``config/config.yaml``.

``workflow/schemas/*.schema.json`` and the tables in ``config/README.md`` are generated from the
classes of this package (``make schemas``); a test fails where they differ.
"""

from __future__ import annotations

from pydantic import Field

from bioseqrnn.config.audit import AuditConfig
from bioseqrnn.config.datasets import DatasetOptions
from bioseqrnn.config.evaluation import EvaluationConfig
from bioseqrnn.config.explanation import ExplanationConfig
from bioseqrnn.config.folds import FoldsConfig
from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.config.models import ModelConfig
from bioseqrnn.config.search import SearchConfig
from bioseqrnn.config.strict import Strict
from bioseqrnn.config.values import SEED, Baseline, Final, Members, Name, Seed


class RunConfig(Strict):
    """What is made of which files: all settings but those of the machine."""

    datasets: str = Field(
        "config/datasets.tsv", description="Sheet of labelled FASTA files, relative to the run."
    )
    queries: str | None = Field(
        "config/queries.tsv",
        description="Sheet of FASTA files to predict; null for none. If it is not given and the "
        "default file does not exist, nothing is predicted.",
    )
    results: str = Field(
        "results",
        pattern=r"[^/]",
        description="Folder of all results. The path is taken literally: ~ and $HOME are not "
        "expanded.",
    )
    dataset_options: dict[Name, DatasetOptions] = Field(
        {}, description="By dataset name: options that differ from the defaults."
    )
    shards: int = Field(
        1,
        ge=1,
        le=256,
        description="Parts into which the FASTA files of a dataset are divided, to be encoded "
        "at the same time; for files of many gigabytes. The table is the same.",
    )
    audit: AuditConfig = Field(
        AuditConfig(), description="Checks before training, and which of them stop the run."
    )
    folds: FoldsConfig = Field(
        FoldsConfig(), description="How records are assigned to cross-validation folds."
    )
    models: dict[Name, ModelConfig] = Field(
        {name: ModelConfig(cell=name) for name in ("rnn", "gru", "lstm")},
        min_length=1,
        description="By model name: settings that differ from the defaults.",
    )
    baselines: list[Baseline] = Field(
        ["majority", "composition", "kmer_logistic", "gapped_kmer", "gradient_boosting", "pwm"],
        description="Simple methods that are run on the same folds (docs/baselines.md). "
        "cnn takes more time and runs only if it is named; gapped_kmer and pwm score whole "
        "records, and are not run for per_position datasets.",
        json_schema_extra={"uniqueItems": True},
    )
    combine: list[Name] | None = Field(
        None,
        description="Models and baselines whose scores are combined (docs/combination.md). null: "
        "the selected network and every baseline but majority; []: nothing is combined. The name "
        "selected means the network that is selected in each fold.",
        json_schema_extra={"uniqueItems": True},
    )
    final: Final = Field(
        "combined",
        description="The final model, which predicts new FASTA. combined: the combination, or its "
        "best member if the loss of this one on the validation records is lower by more than one "
        "standard error; network: the selected network; best: the best single member.",
    )
    nearest: bool = Field(
        False,
        description="Whether predictions of new FASTA name the most similar training record of "
        "each record, with identity and coverage (docs/domain.md). It needs MMseqs2, and time.",
    )
    seeds: list[Seed] = Field(
        [SEED],
        min_length=1,
        description="Every model is trained once for each fold and seed.",
        json_schema_extra={"uniqueItems": True},
    )
    transfer: dict[Name, Members] = Field(
        {},
        description="By name: datasets with the same positives and different negatives. The "
        "networks of each dataset are tested on the records of every other (docs/transfer.md).",
    )
    evaluation: EvaluationConfig = Field(
        EvaluationConfig(), description="How models are scored and compared."
    )
    explanation: ExplanationConfig = Field(
        ExplanationConfig(), description="Which residues the selected network decides by."
    )
    search: SearchConfig = Field(
        SearchConfig(), description="Models whose settings are searched, and how."
    )


# pydantic puts the fields of the last base first
class Config(MachineConfig, RunConfig):
    """``config/config.yaml``."""
