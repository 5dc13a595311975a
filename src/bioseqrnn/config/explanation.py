"""Settings of the explanation: what the selected network has learned."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bioseqrnn.config.strict import Strict
from bioseqrnn.config.values import SEED, Seed


class ExplanationConfig(Strict):
    """Which residues decide, like ``{method: gradients, records: 200}`` (docs/attribution.md)."""

    EXAMPLE = '{"records": 200}'

    method: Literal["mutagenesis", "gradients", "none"] = Field(
        "mutagenesis",
        description="How test records are attributed, each by the selected network of the fold "
        "that did not train on it. mutagenesis: every residue is replaced by every other one; "
        "gradients: integrated gradients; none: nothing is explained.",
    )
    records: int = Field(
        1000,
        ge=1,
        description="Maximum number of records of a dataset, in per_position tasks of boundaries "
        "between classes; if there are more, they are drawn evenly by class.",
    )
    changes: int = Field(
        1_000_000,
        ge=1,
        description="Maximum number of single changes of all these records (for DNA three for "
        "each residue, for proteins 19): if there are more, fewer records are drawn.",
    )
    longest: int = Field(
        5000,
        ge=1,
        description="Residues of the longest record that is attributed; a longer record is listed "
        "in the table without an attribution.",
    )
    flank: int = Field(
        50,
        ge=1,
        le=1000,
        description="Attributed residues on each side of a boundary, in per_position tasks.",
    )
    motif_files: list[str] = Field(
        [],
        description="Files of known motifs (MEME or JASPAR text), with which the motifs of all "
        "datasets of their alphabet are compared.",
    )
    jaspar: str | None = Field(
        None,
        pattern=r"^20\d\d(:[a-z]+)?$",
        description="Release of JASPAR and group of species, like 2026:vertebrates. The motifs of "
        "DNA are compared with them. It needs pyjaspar: pip install 'bioseqrnn[jaspar]'.",
    )
    tests: int = Field(
        100,
        ge=0,
        description="Maximum number of test records of each fold in which each motif is tested: "
        "taken out of records that have it, and put into records of other classes; 0: it is not "
        "tested.",
    )
    permuted: int = Field(
        1,
        ge=0,
        le=100,
        description="Number of networks that are trained on permuted labels, each without the "
        "test records of another fold; what is found in them is the number of motifs by chance.",
    )
    seed: Seed = Field(SEED, description="Seed of the draw of records and of random positions.")
