"""What a model file says of its training records, in the entry ``domain`` of the card."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from bioseqrnn.support.checked import Count, Described

Share = Annotated[float, Field(ge=0, le=1)]
Variance = Annotated[float, Field(ge=0)]


class CompositionCard(Described):
    """Fractions of the residues; see ``measures.composition_scores``.

    Attributes
    ----------
    mean, between : list of float
        Mean fraction of each residue, and its variance between records.
    edge, outside : float
        Scores above which a record is at the edge, and outside.
    """

    mean: Annotated[list[Share], Field(min_length=1, max_length=32)]
    between: Annotated[list[Variance], Field(min_length=1, max_length=32)]
    edge: float
    outside: float


class WordsCard(Described):
    """Share of known words; see ``measures.word_scores``.

    Attributes
    ----------
    size : int
        Residues of a word.
    mean, between : float
        Mean share among held-out records, and its variance between records.
    edge, outside : float
        Scores below which a record is at the edge, and outside.
    """

    size: Annotated[int, Field(ge=1, le=16)]
    mean: Share
    between: Variance
    edge: float
    outside: float


class DomainCard(Described):
    """Limits of the records that a model is valid for; all of them come from training records.

    Attributes
    ----------
    records : int
        Number of training records.
    held_out : int
        Number of them that the limits of composition and words come from.
    lengths : list of int
        Shortest record, 0.5 % and 99.5 % quantiles, longest record, in residues.
    composition : CompositionCard
    words : WordsCard, optional
        None if no record has a word.
    """

    records: Count
    held_out: Count
    lengths: Annotated[list[Count], Field(min_length=4, max_length=4)]
    composition: CompositionCard
    words: WordsCard | None = None

    @model_validator(mode="after")
    def _check(self) -> DomainCard:
        if sorted(self.lengths) != self.lengths:
            raise ValueError("domain: lengths do not ascend")
        if len(self.composition.mean) != len(self.composition.between):
            raise ValueError("domain: mean and between differ in length")
        return self
