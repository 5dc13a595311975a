"""The types of single settings that several sections share."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"
Name = Annotated[str, Field(pattern=NAME)]
# class of a residue
Letter = Annotated[str, Field(pattern=r"^[!-~]$")]
Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]
# where no other is given
SEED = 1
Alphabet = Literal["dna", "protein"]
Baseline = Literal[
    "majority", "composition", "kmer_logistic", "gapped_kmer", "gradient_boosting", "pwm", "cnn"
]

Members = Annotated[
    list[Name], Field(min_length=2, max_length=20, json_schema_extra={"uniqueItems": True})
]
