"""The columns of the sheets."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bioseqrnn.config.strict import Strict
from bioseqrnn.config.values import Name


class DatasetRow(Strict):
    """One row of ``config/datasets.tsv``: a FASTA file of a dataset."""

    dataset: Name = Field(
        description="Dataset that the file belongs to; several rows can name one dataset."
    )
    fasta: str = Field(
        min_length=1,
        description="FASTA file, plain or compressed, or a folder or glob of several; or the "
        "address of one in remote storage (docs/cluster.md).",
    )
    label: str | None = Field(
        None,
        description="Label of every record of the file. A row has this column or one of the next "
        "three (docs/labels.md shows each).",
    )
    labels: str | None = Field(
        None, description="A TSV with the columns id, label and optionally group."
    )
    label_key: str | None = Field(
        None, description="Key before = and the label in the header of each record."
    )
    intervals: str | None = Field(
        None,
        description="A BED or TSV file of labelled intervals. The FASTA file is then a genome "
        "(plain or bgzip), and the records are its windows. If label is given too, all windows "
        "have that label.",
    )
    split: Literal["train", "validation", "test"] | None = Field(
        None,
        description="Use of the file, given in all rows of a dataset or in none. A given split "
        "replaces cross-validation.",
    )
    group: str | None = Field(
        None,
        description="Group of every record of the file; all records of a group are in one fold.",
    )


class QueryRow(Strict):
    """One row of ``config/queries.tsv``: a FASTA file to predict."""

    query: Name = Field(description="Name of the prediction table.")
    dataset: Name = Field(description="Dataset whose final model predicts.")
    fasta: str = Field(min_length=1, description="FASTA file, plain or compressed.")
