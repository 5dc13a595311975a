"""A model that is ready to predict: from records to rows, for the command and for Python."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import torch

from bioseqrnn.combination.model import CombinedScorer
from bioseqrnn.combination.store import load_final
from bioseqrnn.fasta.choose_alphabet import warn_of_dna
from bioseqrnn.fasta.conversions import Conversions, say_conversions
from bioseqrnn.fasta.records import PackedRecords, counted, read_records
from bioseqrnn.inference.records import NetworkScorer, Predicted, Scorer, predict_records
from bioseqrnn.networks.card import MEMBERS
from bioseqrnn.onehot.alphabet import ALPHABETS, Alphabet
from bioseqrnn.stages.prediction.added import AddedColumns
from bioseqrnn.stages.prediction.rows import Rows
from bioseqrnn.tasks import Task


@dataclass(frozen=True)
class Predictor:
    """A model of any kind, with its card.

    Attributes
    ----------
    scorer : Scorer
    card : dict
    device : torch.device
    added : AddedColumns
        Columns that say how far each row can be trusted.
    """

    scorer: Scorer
    card: dict[str, Any]
    device: torch.device
    added: AddedColumns

    @classmethod
    def load(
        cls, path: Path, device: torch.device, only: str | None = None, every: bool = False
    ) -> Predictor:
        """Read a model file; the parameters and errors are those of ``load_final``."""
        scorer, card = load_final(path, device, only=only, every=every)
        return cls(scorer, card, device, AddedColumns.of(path, card, alone=only is not None))

    @property
    def task(self) -> Task:
        """The task of the model."""
        return self.scorer.task

    @property
    def alphabet(self) -> Alphabet:
        """The alphabet of its records."""
        return ALPHABETS[self.card["alphabet"]]

    @property
    def members(self) -> list[str]:
        """Names of the networks and baselines of a combination; empty for a single network."""
        return [member["name"] for member in self.card.get(MEMBERS, ())]

    @property
    def opposite(self) -> dict[str, str]:
        """Each class of a model per position, and the one in its place on the other strand.

        It is empty if the networks read one strand, or if there is no network.
        """
        scorer, classes = self.scorer, list(self.card["classes"])
        parts = scorer.members.values() if isinstance(scorer, CombinedScorer) else [scorer]
        networks = [one.network for one in parts if isinstance(one, NetworkScorer)]
        if not self.task.per_position or not networks or not networks[0].both_strands:
            return {}
        others = networks[0].opposite.tolist()
        return {name: classes[other] for name, other in zip(classes, others, strict=True)}

    def read(self, fasta: Path) -> Iterator[PackedRecords]:
        """Yield the records of a FASTA file; those that the model cannot take are marked."""
        warn_of_dna(fasta, self.alphabet)
        whole = self.card.get("ids") == "header"
        return read_records(fasta, self.alphabet, whole_headers=whole, keep_refused=True)

    def tables(
        self, blocks: Iterable[PackedRecords], rows: Rows, where: Path, *, quiet: bool = False
    ) -> Iterator[tuple[pa.Table, Predicted]]:
        """Yield the rows of records with the scores that they were made from.

        At the end, conversions and what was special about the records are logged, unless ``quiet``.

        Parameters
        ----------
        blocks : iterable of PackedRecords
        rows : Rows
        where : Path
            Origin of the records, for messages.
        """
        conversions = Conversions()
        for part in predict_records(self.scorer, self.card, counted(blocks, conversions), where):
            yield rows.table(part), part
        if not quiet:
            say_conversions(conversions, where.name, self.alphabet)
            rows.report(where.name)
