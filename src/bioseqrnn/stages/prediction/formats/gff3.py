"""Predictions of a model per position as GFF3: runs of residues, and genes.

The format is that of https://github.com/The-Sequence-Ontology/Specifications/blob/master/gff3.md.
"""

from __future__ import annotations

import heapq
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import quote

import numpy as np
import pyarrow as pa

from bioseqrnn.inference.records import Predicted
from bioseqrnn.onehot.packing import Packed
from bioseqrnn.stages.prediction.formats.runs import Run, Runs
from bioseqrnn.stages.prediction.formats.writer import Content, Writer
from bioseqrnn.stages.prediction.genes import Cds, StrandCaller
from bioseqrnn.support.arrays import Doubles
from bioseqrnn.support.gzipped import finish_text, gzip_text
from bioseqrnn.tasks import Task

SOURCE = "bioseqrnn"
# terms of the Sequence Ontology
CODING, OTHER = "CDS", "sequence_feature"
# characters that need no escape in the first column, and in attributes
IN_SEQID, IN_ATTRIBUTES = ".:^*$@!+_?-|", " .:^*$@!+_?-|/()[]{}<>~#'\""
FORWARD, REVERSE, NO_STRAND = "+", "-", "."


class Gff3Writer(Writer):
    """Writes a line per run of residues with the same call, or per gene.

    Of two classes that are each other's opposite, the first is on the strand + and the second on
    the strand -. If the content names a coding class, its runs and those of its opposite become
    CDS features: open reading frames that agree best with the probabilities (``genes.py``). Runs of
    other classes are ``sequence_feature``. Features of a record are in the order of their starts.
    """

    beside = False

    def __init__(self, path: Path, content: Content, files: ExitStack) -> None:
        self._text = self._open(path, files)
        self._text.write("##gff-version 3\n")
        self._classes, self._strands = content.classes, strands_of(content)
        self._runs = Runs()
        self._callers: dict[int, StrandCaller] = {}
        coding = content.coding
        if coding is not None:
            there = content.opposite[coding.name]
            for name, strand in ((coding.name, FORWARD), (there, REVERSE)):
                caller = StrandCaller(strand, coding.genetic_code)
                self._callers[content.classes.index(name)] = caller
        # lines that wait for features with an earlier start
        self._waiting: list[tuple[int, int, str, str]] = []
        self._counts = {CODING: 0, OTHER: 0}

    def _open(self, path: Path, files: ExitStack) -> TextIO:
        """Open the file as text."""
        return files.enter_context(path.open("w", encoding="utf-8", newline="\n"))

    @staticmethod
    def suits(task: Task) -> bool:
        """Whether every residue is called."""
        return task.per_position

    def write(self, rows: pa.Table, part: Predicted) -> None:  # noqa: ARG002
        """Write the features that are complete with these records or parts of records."""
        ends = np.cumsum(part.lengths)
        names = part.source.ids.to_pylist()
        for row, (name, end) in enumerate(zip(names, ends.tolist(), strict=True)):
            start, length = int(part.starts[row]), int(part.lengths[row])
            scores = part.scores[end - length : end]
            whole = int(part.source.packed.lengths[row])
            if start == 0:
                self._text.write(f"##sequence-region {quote(name, safe=IN_SEQID)} 1 {whole}\n")
            self._add(name, start, scores, part.source.packed, row)
            self._flush(None if start + length == whole else self._bound())

    def finish(self, metadata: dict[str, Any]) -> None:
        """The text is complete."""

    def _add(self, name: str, start: int, scores: Doubles, packed: Packed, row: int) -> None:
        """Add the part of a record that begins at ``start``; scores float64 [residues, classes]."""
        for run in self._runs.add(name, start, scores):
            self._run(run)
        for code, caller in self._callers.items():
            if start == 0:
                caller.begin()
            for cds in caller.add(packed, row, scores[:, code]):
                self._cds(name, cds)
        if start + len(scores) == packed.lengths[row]:
            for run in self._runs.end():
                self._run(run)

    def _bound(self) -> int:
        """First residue at which a feature of the record can still begin."""
        run = self._runs.open
        places = [caller.waiting for caller in self._callers.values()]
        return min([*places, *([] if run is None else [run.start])])

    def _run(self, run: Run) -> None:
        if run.code not in self._callers:
            place, name = (run.start, run.end), self._classes[run.code]
            strand = self._strands[run.code]
            self._line(run.name, OTHER, place, (run.probability, strand, "."), {"Name": name})

    def _cds(self, name: str, cds: Cds) -> None:
        attributes = {"start_codon": cds.codon} if cds.codon else {}
        if not (cds.codon and cds.ends):
            attributes["partial"] = "true"
        values = (cds.probability, cds.strand, str(cds.phase))
        self._line(name, CODING, (cds.start, cds.end), values, attributes)

    def _line(
        self, name: str, kind: str, place: tuple[int, int], values: tuple[float, str, str],
        attributes: dict[str, str],
    ) -> None:  # fmt: skip
        """Keep the line of a feature, but for its ID, until all that come before it are there."""
        (start, end), (probability, strand, phase) = place, values
        seqid = quote(name, safe=IN_SEQID)
        text = (
            f"{seqid}\t{SOURCE}\t{kind}\t{start + 1}\t{end}\t{probability:.4f}\t{strand}\t{phase}"
        )
        more = "".join(f";{k}={quote(v, safe=IN_ATTRIBUTES)}" for k, v in attributes.items())
        heapq.heappush(self._waiting, (start, end, kind, f"{text}\tID={{}}{more}\n"))

    def _flush(self, bound: int | None) -> None:
        """Write the lines of features that begin before ``bound``, or all."""
        while self._waiting and (bound is None or self._waiting[0][0] < bound):
            _, _, kind, line = heapq.heappop(self._waiting)
            self._counts[kind] += 1
            own = f"{'cds' if kind == CODING else 'run'}{self._counts[kind]}"
            self._text.write(line.replace("ID={}", f"ID={own}", 1))


class GzippedGff3Writer(Gff3Writer):
    """The same text, gzipped."""

    beside = True

    def _open(self, path: Path, files: ExitStack) -> TextIO:
        self._zipped = gzip_text(path, files)
        return self._zipped

    def finish(self, metadata: dict[str, Any]) -> None:  # noqa: ARG002
        """End the text."""
        finish_text(self._zipped)


def strands_of(content: Content) -> list[str]:
    """Strand of each class: + and - for a class and its opposite, . for one without."""
    strands = []
    for place, name in enumerate(content.classes):
        other = content.classes.index(content.opposite.get(name, name))
        strands.append(NO_STRAND if other == place else FORWARD if place < other else REVERSE)
    return strands
