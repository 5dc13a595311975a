"""The job ``mutate``: from a model and a FASTA file to all single changes of chosen records."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bioseqrnn.attribution.any_model import AnyModel
from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.inference.device import choose_device, describe, set_deterministic
from bioseqrnn.stages.inspection.chosen import chosen_records, counted
from bioseqrnn.stages.inspection.design import Design, Goal, design
from bioseqrnn.stages.inspection.heatmap import heatmap
from bioseqrnn.stages.inspection.scan import scan
from bioseqrnn.support.atomic import atomic_path, together
from bioseqrnn.support.console import progress, say
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.gzipped import gzip_text
from bioseqrnn.support.io import append_tsv, write_text
from bioseqrnn.support.paths import check_outputs
from bioseqrnn.tables.declared.inspection import CHANGES, DESIGNED, EDITS, MUTATIONS


@dataclass(frozen=True)
class Asked:
    """Which logits are looked at.

    Attributes
    ----------
    label : str, optional
        The only class; None: all that are explained (``AnyModel.explained``).
    position : int, optional
        The residue, from 1, if the model has a class for each residue.
    """

    label: str | None = None
    position: int | None = None


def mutate_records(
    model: Path,
    fasta: Path,
    output: Path,
    *,
    records: Sequence[str],
    asked: Asked,
    goal: Goal | None,
    only: str | None,
    longest: int,
    machine: MachineConfig,
) -> None:
    """Score every single change of chosen records.

    Parameters
    ----------
    model : Path
        ``model.safetensors`` of any kind.
    fasta : Path
    output : Path
        Folder for ``changes.tsv.gz``, ``mutations.tsv`` and ``{record}.svg``.
    records : sequence of str
        Ids of the records; none: the first 10 of the file.
    asked : Asked
    goal : Goal, optional
        What records are changed to reach; ``edits.tsv`` and ``designed.fa`` are then written too.
    only : str, optional
        Member of a combined model that scores alone.
    longest : int
        Most residues of a record.
    machine : MachineConfig
        One device of it is used.

    Raises
    ------
    InputError
        A class or record does not exist, a record is too long, or a file is invalid.
    """
    set_deterministic(0, machine.threads)
    device = choose_device(machine.device)
    scored = AnyModel.load(model, device, only, asked.position)
    classes = _classes(scored, asked.label, model)
    if goal is not None:
        _check_goal(scored, classes)
    chosen = chosen_records(fasta, scored.card, records, longest)
    for record in (max(chosen, key=len), min(chosen, key=len)):
        scored.check(len(record), f"{fasta}: record '{record.name}'")
    figures = [output / f"{record.file}.svg" for record in chosen]
    check_outputs(
        [("FASTA", fasta), ("MODEL", model)], [("--output", figure) for figure in figures]
    )
    say(f"{scored.card['model']} on {describe(device)}")
    largest: list[tuple[Any, ...]] = []
    designs: list[Design] = []
    with together(), ExitStack() as files:
        path = files.enter_context(atomic_path(output / CHANGES.file))
        table = gzip_text(path, files)
        table.write("\t".join(CHANGES.names) + "\n")
        bar = files.enter_context(progress(f"mutate {fasta.name}", "records", len(chosen)))
        for record, figure in zip(chosen, figures, strict=True):
            found = scan(scored, record, classes)
            append_tsv(table, CHANGES.frame(list(found.rows())))
            largest += found.largest()
            write_text(figure, heatmap(found))
            if goal is not None:
                designs.append(design(scored, record, classes[0], goal))
            bar.advance()
        MUTATIONS.write(output / MUTATIONS.file, MUTATIONS.frame(largest))
        if goal is not None:
            rows = [row for one in designs for row in one.rows()]
            EDITS.write(output / EDITS.file, EDITS.frame(rows))
            write_text(output / DESIGNED, "".join(one.fasta() for one in designs))
    say(f"all single changes of {counted(chosen)} in {output / CHANGES.file}")
    for one in designs:
        say(f"record '{one.name}': {one.summary()}")


def _check_goal(model: AnyModel, classes: list[str]) -> None:
    if not model.task.probabilistic:
        raise InputError("--design: a value has no probability that could be reached")
    if len(classes) > 1:
        raise InputError(
            f"--design: choose the class with --class; the model has {', '.join(model.classes)}"
        )


def _classes(model: AnyModel, label: str | None, path: Path) -> list[str]:
    if label is None:
        return model.explained
    if label not in model.classes:
        raise InputError(f"model {path}: has no class '{label}'; it has {', '.join(model.classes)}")
    return [label]
