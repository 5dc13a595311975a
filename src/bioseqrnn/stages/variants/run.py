"""The variant job: from VCF, genome and model to the scores of both alleles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bioseqrnn import __version__
from bioseqrnn.attribution.any_model import AnyModel
from bioseqrnn.combination.store import load_final
from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.fasta.genome import Genome
from bioseqrnn.inference.device import choose_device, describe, set_deterministic
from bioseqrnn.inference.window_size import window_size
from bioseqrnn.stages.variants.alleles import Allele, Windows
from bioseqrnn.stages.variants.output import (
    FORMATS,
    LOGITS,
    RANK,
    VALUES,
    Content,
    Scored,
    format_of,
    numbers_of,
)
from bioseqrnn.stages.variants.scores import Model, probabilities, shares
from bioseqrnn.stages.variants.vcf import Row, VcfFile, open_vcf
from bioseqrnn.support.arrays import Doubles
from bioseqrnn.support.atomic import atomic_path, together
from bioseqrnn.support.console import Progress, progress, say
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.io import sha256

# in memory at a time: residues of windows, rows, and characters of rows, which are long if there
# are many samples
BLOCK_RESIDUES, BLOCK_ROWS, BLOCK_TEXT = 2**21, 2000, 2**24


@dataclass(frozen=True)
class Choices:
    """What is scored, and how.

    Attributes
    ----------
    window : int, optional
        Bases of a window; None: the length of the records that the model was trained on.
    strand : {"+", "-", "both"}
        Strand that is scored (``scores.Model``).
    ranks : bool
        Whether all single changes of each window are scored too.
    only : str, optional
        Name of the member of a final model that predicts alone.
    """

    window: int | None = None
    strand: str = "+"
    ranks: bool = True
    only: str | None = None


def score_variants(
    vcf: Path,
    model: Path,
    genome: Path,
    outputs: Sequence[Path],
    *,
    choices: Choices,
    machine: MachineConfig,
) -> int:
    """Score both alleles of every variant, in the order of the file and in bounded memory.

    Parameters
    ----------
    vcf : Path
        Plain or compressed.
    model : Path
        ``model.safetensors`` of a network or a final model, of DNA and with one output per record.
    genome : Path
        FASTA file that REF and the positions refer to.
    outputs : sequence of Path
        Files to write, all or none; the ending gives the format (``output.FORMATS``).
    choices : Choices
    machine : MachineConfig
        One device of it is used.

    Returns
    -------
    int
        Number of rows written, which is that of the rows read.

    Raises
    ------
    InputError
        A file is missing or invalid, the model is of proteins or of single residues, or the VCF
        file is of another genome.
    """
    formats = {path: format_of(path) for path in outputs}
    set_deterministic(0, machine.threads)
    device = choose_device(machine.device)
    loaded = AnyModel(*load_final(model, device, only=choices.only))
    card = loaded.card
    _check_model(model, card)
    size = window_size(model, card, choices.window)
    loaded.check(size, f"window of model {model}")
    # such a model reads both strands by itself
    strand = "+" if card.get("strands") == "both" else choices.strand
    scoring = Model(loaded, strand)
    say(f"{card['model']}, windows of {size:,} bases, on {describe(device)}")
    with together(), ExitStack() as files:
        variants = files.enter_context(open_vcf(vcf))
        windows = Windows(Genome(genome), size)
        content = Content(
            scoring.names,
            (LOGITS if loaded.task.probabilistic else VALUES) + (RANK,) * choices.ranks,
            {
                "Version": __version__, "Model": card["model"], "ModelSHA256": sha256(model),
                "Genome": genome.name, "Window": str(size), "Strand": _strand(card, strand),
            },
        )  # fmt: skip
        writers = [
            FORMATS[kind](files.enter_context(atomic_path(path)), kind, variants, content, files)
            for path, kind in formats.items()
        ]
        bar = files.enter_context(progress(f"variants {vcf.name}", "rows"))
        rows = 0
        for row, scored in _scored(variants, windows, scoring, choices.ranks, bar):
            for file in writers:
                file.write(row, scored)
            rows += 1
        windows.check(vcf)
    _tell(vcf, rows, windows)
    return rows


def _check_model(path: Path, card: Mapping[str, Any]) -> None:
    if card["alphabet"] != "dna":
        raise InputError(
            f"model {path}: reads proteins, but a VCF file has changes of DNA; give a model of DNA"
        )
    if card["task"] == "per_position":
        raise InputError(
            f"model {path}: is a per_position model, which has scores of single residues and none "
            "of a window; give a model that classifies records"
        )


def _strand(card: Mapping[str, Any], strand: str) -> str:
    return "both, by the model" if card.get("strands") == "both" else strand


def _scored(
    variants: VcfFile, windows: Windows, model: Model, ranks: bool, bar: Progress
) -> Iterator[tuple[Row, list[Scored]]]:
    """Yield all rows with their scored alleles."""
    waiting: list[tuple[Row, list[Allele]]] = []
    residues = characters = 0
    for row in variants.rows():
        alleles = windows.alleles(row)
        waiting.append((row, alleles))
        residues += sum(2 * len(allele.ref_window) for allele in alleles)
        characters += sum(map(len, row.cells))
        full = residues >= BLOCK_RESIDUES or characters >= BLOCK_TEXT
        if full or len(waiting) >= BLOCK_ROWS:
            yield from _block(waiting, model, ranks, bar)
            waiting, residues, characters = [], 0, 0
    yield from _block(waiting, model, ranks, bar)


def _block(
    rows: list[tuple[Row, list[Allele]]], model: Model, ranks: bool, bar: Progress
) -> Iterator[tuple[Row, list[Scored]]]:
    texts = [
        text
        for _, alleles in rows
        for allele in alleles
        if not allele.reason
        for text in (allele.ref_window, allele.alt_window)
    ]
    # alleles of one row, and variants near the ends of a contig, have windows in common
    places = {text: place for place, text in enumerate(dict.fromkeys(texts))}
    logits = model.logits(list(places)) if places else np.zeros((0, len(model.names)))
    pairs = np.array([places[text] for text in texts], np.int64).reshape(-1, 2)
    numbers = _numbers(model, logits[pairs[:, 0]], logits[pairs[:, 1]], ranks)
    fields = numbers.shape[1] // len(model.names)
    changes = _Changes(model)
    # of the alleles that are scored
    place = 0
    for row, alleles in rows:
        scored = []
        for allele in alleles:
            if allele.reason:
                scored.append(Scored(allele, None))
                continue
            if ranks:
                ref, alt = logits[pairs[place]]
                others = changes.of(allele.ref_window) - ref
                numbers[place, fields - 1 :: fields] = shares((alt - ref)[None], others)[0]
            scored.append(Scored(allele, numbers[place]))
            place += 1
        yield row, scored
        bar.advance()


class _Changes:
    """All single changes of a window; the last one is kept, for the other alleles of a row."""

    def __init__(self, model: Model) -> None:
        self._model, self._window = model, ""
        self._logits = np.zeros((0, 0))

    def of(self, window: str) -> Doubles:
        if window != self._window:
            self._window, self._logits = window, self._model.changes(window)
        return self._logits


def _numbers(model: Model, ref: Doubles, alt: Doubles, ranks: bool) -> Doubles:
    """Numbers of alleles in the order of the columns; the ranks, which are the last, are 0."""
    columns = [ref, alt]
    if model.model.task.probabilistic:
        columns += [probabilities(ref), probabilities(alt)]
    columns.append(alt - ref)
    if ranks:
        columns.append(np.zeros_like(ref))
    return numbers_of(columns)


def _tell(vcf: Path, rows: int, windows: Windows) -> None:
    """Log how many alleles were scored, and why the others were not."""
    reasons = dict(windows.reasons)
    scored = reasons.pop("", 0)
    say(f"{vcf.name}: {rows:,} rows in, {rows:,} out; {scored:,} alleles scored")
    if reasons:
        counts = ", ".join(f"{count:,} {reason}" for reason, count in sorted(reasons.items()))
        say(f"warning: {vcf.name}: not scored: {counts} (docs/variants.md)")
