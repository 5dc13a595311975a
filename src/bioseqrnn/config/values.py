"""The types of single settings that several sections share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from bioseqrnn.config.choices import BASELINES, CELLS, POOLINGS

NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"
Name = Annotated[str, Field(pattern=NAME)]
# class of a residue
Letter = Annotated[str, Field(pattern=r"^[!-~]$")]
Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]
# default seed
SEED = 1
Final = Literal["combined", "network", "best"]
Alphabet = Literal["dna", "protein"]
if TYPE_CHECKING:
    Baseline = str
    Cell = str
    Pooling = str
else:
    # the registered names, which a type checker cannot know
    Baseline = Literal[tuple(BASELINES)]
    Cell = Literal[tuple(CELLS)]
    Pooling = Literal[tuple(POOLINGS)]
Members = Annotated[
    list[Name], Field(min_length=2, max_length=20, json_schema_extra={"uniqueItems": True})
]
