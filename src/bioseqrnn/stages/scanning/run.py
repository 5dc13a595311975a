"""The scanning job: from genome and model to tables of windows, called regions and tracks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from bioseqrnn import __version__
from bioseqrnn.combination.store import load_final
from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.fasta.choose_alphabet import warn_of_dna
from bioseqrnn.fasta.opening import check_unchanged, file_state
from bioseqrnn.inference.device import choose_device, describe, set_deterministic
from bioseqrnn.inference.window_size import window_size
from bioseqrnn.onehot.alphabet import ALPHABETS
from bioseqrnn.stages.scanning.calling import Calling
from bioseqrnn.stages.scanning.genome import stretches, survey
from bioseqrnn.stages.scanning.layout import Layout, Units
from bioseqrnn.stages.scanning.outputs import Output, ending_of, outputs_of, write_outputs
from bioseqrnn.stages.scanning.results import Scanned
from bioseqrnn.stages.scanning.scoring import Reading, shuffled
from bioseqrnn.stages.scanning.store import (
    PART,
    Progress,
    Scores,
    open_progress,
    progress_file,
    read_parts,
)
from bioseqrnn.support.console import progress, say
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.io import require_file, sha256
from bioseqrnn.support.paths import check_outputs
from bioseqrnn.tables.declared.scanning import SCAN_WINDOWS

BOTH = "+-"
# of a window, so that a residue is in four windows
STRIDES = 4


@dataclass(frozen=True)
class Choices:
    """What is scanned, and how.

    Attributes
    ----------
    window, stride : int, optional
        Residues of a window, and from one to the next; None: the length of the records that the
        model was trained on, and a quarter of the window.
    strand : {"+", "-", "both"}
        Of DNA; a model that reads both strands has one score for both.
    only : str, optional
        Name of the member of a final model that scores alone.
    classes : tuple of str
        Classes whose regions and tracks are written; none: all, or of two the positive one.
    threshold : float, optional
        Least probability of a called region; None: as the model calls records.
    most_unknown : float
        Largest share of ambiguous residues in a window that is scored.
    shuffled_megabases : float
        How much shuffled sequence is scored for the rate of false positives; 0: none.
    seed : int
        Of the shuffles.
    """

    window: int | None = None
    stride: int | None = None
    strand: str = "both"
    only: str | None = None
    classes: tuple[str, ...] = ()
    threshold: float | None = None
    most_unknown: float = 0.1
    shuffled_megabases: float = 0.0
    seed: int = 0


@dataclass(frozen=True)
class Work:
    """A scan that is ready to run.

    Attributes
    ----------
    fastas : list of Path
    units : Units
    reading : Reading
    calling : Calling
    about : dict
        All that the scores depend on.
    """

    fastas: list[Path]
    units: Units
    reading: Reading
    calling: Calling
    about: dict[str, Any]

    @property
    def shape(self) -> tuple[int, int]:
        """Strands and outputs of a window."""
        outputs = self.calling.task.outputs(self.calling.classes)
        return len(self.reading.strands), outputs


def scan_genome(
    model: Path,
    fastas: Sequence[Path],
    outputs: Sequence[Path],
    *,
    choices: Choices,
    machine: MachineConfig,
    part: tuple[int, int] | None = None,
    parts: Sequence[Path] = (),
) -> int:
    """Score the windows of all records; return the number of windows.

    Parameters
    ----------
    model : Path
        ``model.safetensors`` of a network or a final model, with one output per record.
    fastas : sequence of Path
        Any number of records of any length; ids must be unique.
    outputs : sequence of Path
        Files to write, all or none, by their endings (``outputs.ENDINGS``); with ``part`` one file
        of any name.
    choices : Choices
    machine : MachineConfig
        One device of it is used.
    part : (int, int), optional
        Number of a part, from 1, and number of parts: only these windows are scored.
    parts : sequence of Path
        Files of all parts, from which the outputs are made without scoring anything.

    Raises
    ------
    InputError
        A file is missing or invalid, the model predicts every residue, or the parts are not those
        of this scan.
    """
    for path in () if part else outputs:
        # before the genome is read
        ending_of(path)
    work = _prepare(model, list(fastas), choices, machine)
    files = [] if part else outputs_of(outputs, work.calling, work.reading.strands)
    inputs = [("MODEL", model), *(("GENOME", path) for path in fastas)]
    check_outputs(
        inputs + [("--parts", p) for p in parts], _named(files) or [("--output", outputs[0])]
    )
    columns = work.shape[0] * work.shape[1]
    if parts:
        found = read_parts(parts, work.about, work.units, columns)
        _write(work, Scores(found, work.units, work.shape), files)
        return int(work.units.offsets[-1])
    own = work.units.part(*(part or (1, 1)))
    about = work.about | {PART: list(part or (1, 1))}
    path = progress_file(outputs[0])
    make = partial(Progress, path, about, work.units, own, columns)
    with open_progress(make) as kept:
        _score(work, own, kept)
        if part:
            kept.write_part(outputs[0])
        else:
            _write(work, Scores([(path, own)], work.units, work.shape), files)
        kept.remove()
    return int(work.units.counts[own.start : own.stop].sum())


def _named(files: Sequence[Output]) -> list[tuple[str, Path]]:
    return [("--output", file.path) for file in files]


def _prepare(model: Path, fastas: list[Path], choices: Choices, machine: MachineConfig) -> Work:
    """Read the model and the lengths of the records."""
    set_deterministic(0, machine.threads)
    device = choose_device(machine.device)
    scorer, card = load_final(model, device, only=choices.only)
    if scorer.task.per_position:
        raise InputError(
            f"model {model}: predicts every residue, and reads records of any length; use 'predict'"
        )
    window = window_size(model, card, choices.window)
    stride = choices.stride or max(1, window // STRIDES)
    alphabet = ALPHABETS[card["alphabet"]]
    strands = BOTH if choices.strand == "both" else choices.strand
    if card.get("strands") == "both" or alphabet.width != len("ACGT"):
        strands = "."
    scorer.check(window, f"window of model {model}")
    for path in fastas:
        require_file(path, "FASTA")
        warn_of_dna(path, alphabet)
    calling = Calling.of(scorer.task, card, choices.classes, choices.threshold)
    sums = [sha256(path) for path in fastas]
    names, lengths = survey(fastas, alphabet, card.get("ids") == "header")
    units = Units.of(Layout(names, lengths, window, stride), choices.shuffled_megabases * 1e6)
    say(
        f"{card['model']}, windows of {window:,} every {stride:,} residues, "
        f"{int(lengths.sum()):,} residues in {len(names):,} records, on {describe(device)}"
    )
    about = {
        "bioseqrnn": __version__, "model": sha256(model), "genomes": sums, "window": window,
        "stride": stride, "strands": strands, "only": choices.only,
        "most_unknown": choices.most_unknown, "shuffled": choices.shuffled_megabases,
        "seed": choices.seed, "device": device.type, "threads": machine.threads,
    }  # fmt: skip
    reading = Reading(scorer, card, alphabet, strands, choices.most_unknown)
    return Work(fastas, units, reading, calling, about)


def _score(work: Work, own: range, kept: Progress) -> None:
    """Score the units that are not yet on disk."""
    units, layout = work.units, work.units.layout
    states = [file_state(path) for path in work.fastas]
    waiting = range(own.start + kept.done, own.stop)
    total = int(units.counts[own.start : own.stop].sum())
    if kept.done:
        say(f"goes on after {kept.done:,} of {len(own):,} units ({kept.path.name})")
    wanted = ((int(units.records[u]), *units.span(u)) for u in waiting)
    read = stretches(work.fastas, work.reading.alphabet, wanted)
    with progress("scan", "windows", total) as bar:
        bar.advance(total - int(units.counts[waiting.start : waiting.stop].sum()))
        for unit, stretch in zip(waiting, read, strict=True):
            record = int(units.records[unit])
            starts = units.starts(unit)
            if units.shuffled[unit]:
                name = f"{layout.names[record]}:{starts[0]}"
                stretch = shuffled(stretch, work.reading.alphabet, work.about["seed"], name)
            kept.add(work.reading.scores(stretch, starts - starts[0], layout.size(record)))
            bar.advance(int(units.counts[unit]))
    for path, state in zip(work.fastas, states, strict=True):
        check_unchanged(path, state)


def _write(work: Work, scores: Scores, files: Sequence[Output]) -> None:
    """Write the outputs, and say what has no score."""
    scanned = Scanned(scores, work.calling, work.reading.strands)
    metadata = {
        "format": SCAN_WINDOWS.format, "task": work.calling.task.name,
        "classes": work.calling.classes, "scan": work.about,
    }  # fmt: skip
    write_outputs(files, scanned, metadata)
    units = work.units
    windows, runs = scanned.skipped()
    total = int(units.counts[np.flatnonzero(~units.shuffled)].sum())
    if windows:
        limit = work.about["most_unknown"]
        say(
            f"{windows:,} of {total:,} windows, in {runs:,} runs, have no score: more than "
            f"{limit:.0%} of their residues are ambiguous or gaps (--most-ambiguous)"
        )
    say(f"wrote {', '.join(file.path.name for file in files)} ({total:,} windows)")
