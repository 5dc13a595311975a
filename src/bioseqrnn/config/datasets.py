"""Settings of one dataset."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bioseqrnn.config.strict import Strict
from bioseqrnn.config.values import SEED, Letter, Seed


class NegativesConfig(Strict):
    """Negatives made for a dataset of positives, like ``negatives: {method: shuffle, k: 2}``."""

    method: Literal["none", "shuffle", "genome"] = Field(
        "none",
        description="none: no negatives are made; shuffle: rearrange each record and keep the "
        "exact counts of its k-mers; genome: draw windows of a genome that match each record in "
        "length and G+C.",
    )
    label: str = Field(
        "negative", min_length=1, description="Class of the negatives that are made."
    )
    k: int = Field(
        2,
        ge=1,
        le=8,
        description="Length of the k-mers that shuffle keeps: 2 keeps pairs of neighbours "
        "(dinucleotides), 1 the composition.",
    )
    per_positive: int = Field(1, ge=1, le=100, description="Number of negatives for each record.")
    seed: Seed = Field(SEED, description="Seed of the draw.")
    genome: str | None = Field(
        None,
        description="FASTA of the genome for the method genome, plain or bgzip, relative to the "
        "run.",
    )


class DatasetOptions(Strict):
    """Options of a dataset that differ from the defaults, like ``promoters: {strands: both}``."""

    EXAMPLE = '{"strands": "both"}'

    task: Literal["classification", "multilabel", "regression", "per_position"] = Field(
        "classification",
        description="What a label is: one class; any number of classes; a number; or one character "
        "for each residue, in the third line of each record (docs/tasks.md).",
    )
    label_separator: str = Field(
        ";", min_length=1, description="Text between the labels of a record in multilabel tasks."
    )
    alphabet: Literal["auto", "dna", "protein"] = Field(
        "auto", description="auto: DNA (or RNA) if 90 % of the letters are ACGTUN."
    )
    ids: Literal["word", "header"] = Field(
        "word",
        description="Id of a record: the first word of its header, or the whole header if first "
        "words are not unique.",
    )
    window: int | None = Field(
        None,
        ge=1,
        description="Length of windows around the middle of each interval; null uses the intervals "
        "as they are.",
    )
    block: int | None = Field(
        None,
        ge=2,
        description="Maximum number of residues of a record in per_position tasks. Longer records "
        "(chromosomes) are cut into blocks of nearly equal length, and each block is a record that "
        "is assigned to a fold. null: records are not cut.",
    )
    opposite: dict[Letter, Letter] | None = Field(
        None,
        description="Pairs of classes that replace each other on the opposite strand, in "
        "per_position tasks of DNA, like {F: R} for genes; all other classes stay the same ({} if "
        "all do). Networks then read both strands. null: they read the given strand.",
    )
    coding: Letter | None = Field(
        None,
        description="Class of the coding bases on the + strand, in per_position tasks of DNA, like "
        "F; it needs an opposite class. In GFF3, predictions are then genes: open reading frames "
        "on both strands. null: they are runs of bases with the same call.",
    )
    genetic_code: Literal[1, 4, 11] = Field(
        11,
        description="Genetic code of the genes, by its number at NCBI: 11 for bacteria, archaea "
        "and plastids, 4 if TGA is no stop (Mycoplasma), 1 for nuclear genes without introns.",
    )
    strands: Literal["single", "both"] = Field(
        "single",
        description="both: a DNA sequence and its reverse complement mean the same. They count "
        "as duplicates and share a fold, k-mers are counted on both strands, and networks read "
        "both.",
    )
    positive: str | None = Field(
        None,
        description="Positive class of two; null: the last by name, or, if negatives are made, the "
        "given class.",
    )
    classes: list[str] | None = Field(
        None,
        json_schema_extra={"uniqueItems": True},
        description="The only classes allowed, in column order; null allows any, sorted by name.",
    )
    negatives: NegativesConfig = Field(
        NegativesConfig(), description="Negatives to make if there are only positives."
    )

    @property
    def makes_negatives(self) -> bool:
        """Whether negative records are made."""
        return self.negatives.method != "none"
