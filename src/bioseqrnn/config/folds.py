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
        description="Which records stay in one fold. homology: similar sequences, found by "
        "MMseqs2, and sequences that share a stretch (see overlaps), also if they are linked only "
        "through other sequences; duplicates: equal sequences; column: the groups of the sheet or "
        "labels TSV (chromosome, study, patient), which must be given. All three also keep equal "
        "sequences and the given groups together. none: no rule, to show what leaks.",
    )
    identity_dna: float = Field(
        0.8,
        ge=0.5,
        le=1,
        description="Minimum fraction of identical residues in the alignment of two similar DNA "
        "sequences, on either strand.",
    )
    identity_protein: float = Field(
        0.4,
        ge=0.2,
        le=1,
        description="Minimum fraction of identical residues in the alignment of two similar "
        "proteins or peptides.",
    )
    length_correction: bool = Field(
        True,
        description="Require a higher identity for protein alignments of less than 52 residues, by "
        "the curve of Rost (1999), up to 0.8 for 16 or fewer residues: short peptides are similar "
        "by chance.",
    )
    coverage: float = Field(
        0.8,
        ge=0.1,
        le=1,
        description="Fraction of each of the two sequences that the alignment must cover.",
    )
    overlaps: bool = Field(
        True,
        description="With grouping homology: also keep together records that share an exact "
        "stretch that chance does not explain (overlapping windows of a genome, fragments of a "
        "protein), and windows of a genome whose intervals are near each other. Repeats, motifs, "
        "constant regions and low complexity link nothing. false: leaks.tsv only counts them.",
    )
    interval_distance: int = Field(
        0,
        ge=0,
        le=10**9,
        description="With overlaps: two windows given as intervals of one chromosome are near if "
        "they overlap or have fewer than this number of bases between them.",
    )
    count: int = Field(5, ge=2, le=100, description="Number of folds.")
    repeats: int = Field(
        1,
        ge=1,
        le=100,
        description="Number of times that all records are assigned to folds, with another seed "
        "each time. Fold numbers continue, and a record is tested once in each repeat.",
    )
    validation_fraction: float = Field(
        0.1,
        ge=0.01,
        le=0.5,
        description="Fraction of the records outside the test fold that is used for validation "
        "(early stopping, selection) instead of training.",
    )
    seed: Seed = Field(SEED, description="Seed of the assignment.")
    exclude_leaking: bool = Field(
        False,
        description="If the sheet gives the split: leave out the test records that are similar to "
        "a training or validation record or share a stretch with one (see overlaps). leaks.tsv "
        "always counts them.",
    )
    compare_random: list[Name] | None = Field(
        None,
        description="Baselines and models that are also scored on random folds, to show which "
        "scores they would give. null: kmer_logistic if it is among the baselines; []: none.",
        json_schema_extra={"uniqueItems": True},
    )
