"""Settings of cross-validation."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bioseqrnn.config.strict import Strict
from bioseqrnn.config.values import SEED, Name, Seed


class FoldsConfig(Strict):
    """Cross-validation (docs/folds.md)."""

    EXAMPLE = '{"count": 10}'

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
    seed: Seed = Field(SEED, description="Seed of the assignment.")
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
