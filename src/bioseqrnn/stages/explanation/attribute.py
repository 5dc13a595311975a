"""The attribution job: from networks of folds and their test records to tables."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from bioseqrnn.attribution.attribution import Attribution, Explained
from bioseqrnn.attribution.faithfulness import masking_curve
from bioseqrnn.attribution.gradients import integrated_gradients
from bioseqrnn.attribution.logits import explained_classes
from bioseqrnn.attribution.mutagenesis import mutagenesis
from bioseqrnn.config.explanation import ExplanationConfig
from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.inference.device import choose_device, set_deterministic
from bioseqrnn.networks.store import load_model
from bioseqrnn.stages.explanation.draw import (
    Run,
    background_of,
    chosen_runs,
    draw_records,
)
from bioseqrnn.stages.explanation.summary import RunSummary
from bioseqrnn.stages.explanation.units import Units, units_of
from bioseqrnn.support.arrays import Bools, Doubles, Floats, Ints
from bioseqrnn.support.atomic import together
from bioseqrnn.support.console import progress, say
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.attributions import AttributionWriter, attribution_writer
from bioseqrnn.tables.declared.explanation import ATTRIBUTIONS, COMPLETENESS, FAITHFULNESS
from bioseqrnn.tables.folds import read_folds
from bioseqrnn.tables.sequences import read_sequences


def attribute_sequences(
    models: list[Path],
    sequences: Path,
    folds: Path,
    output: Path,
    *,
    selected: Path | None,
    temperatures: Path | None,
    settings: ExplanationConfig,
    machine: MachineConfig,
) -> None:
    """Attribute test records, each by the networks of the fold that did not train on it.

    If each residue has a class, residues where one begins are explained (``units``).

    Parameters
    ----------
    models : list of Path
        ``model.safetensors`` of folds and seeds; of other models than the selected one, they are
        left out.
    sequences, folds : Path
        Tables that the networks were trained on.
    output : Path
        Folder for ``attributions.parquet``, ``completeness.tsv`` and ``faithfulness.tsv``.
    selected, temperatures : Path, optional
        ``selected.json`` and ``temperatures.tsv`` of the evaluation (``draw.chosen_runs``).
    settings : ExplanationConfig
    machine : MachineConfig
        One device of it is used.

    Raises
    ------
    InputError
        A network does not belong to the table, or the method is none.
    """
    set_deterministic(settings.seed, machine.threads)
    if settings.method == "none":
        raise InputError("method none: nothing is attributed; choose mutagenesis or gradients")
    table = read_sequences(sequences)
    units = units_of(table, settings.flank)
    classes = explained_classes(table.task, table.classes)
    tests = units.tested(read_folds(folds, table))
    # values are not calibrated
    calibrated = temperatures if table.task.probabilistic else None
    runs = chosen_runs(models, sequences, selected, calibrated)
    tested = np.flatnonzero(tests.any(axis=1))
    drawn = draw_records(units.table, tested, settings.records, settings.changes, settings.seed)
    # with networks of some folds only, their share of the same draw
    given = tests[:, sorted({run.fold for run in runs})]
    drawn, tested = (rows[given[rows].any(axis=1)] for rows in (drawn, tested))
    say(f"{len(drawn):,} of {len(tested):,} {units.word} are attributed{_why(len(drawn), tested)}")
    device = choose_device(machine.device)
    about = {
        **{key: table.metadata[key] for key in ("alphabet", "symbols", "strands", "task")},
        "classes": classes, "method": settings.method, "records": len(drawn),
        "eligible": len(tested), "background": background_of(table).tolist(), "effects": True,
    }  # fmt: skip
    if units.flank is not None:
        about["flank"] = units.flank
    job = Job(units, classes, settings, device, np.array(about["background"]))
    completeness, faithfulness = [], []
    with together(), attribution_writer(output / ATTRIBUTIONS.file, about) as writer:
        for run in runs:
            rows = np.intersect1d(drawn, np.flatnonzero(tests[:, run.fold]))
            found = job.attribute(run, rows, writer)
            completeness.append(found.completeness(settings.method))
            faithfulness.append(found.faithfulness())
        COMPLETENESS.write(output / COMPLETENESS.file, _joined(completeness))
        FAITHFULNESS.write(output / FAITHFULNESS.file, _joined(faithfulness))
    _say_completeness(_joined(completeness), settings.method)


class Job:
    """Attributes records by one network after the other.

    Parameters
    ----------
    units : Units
    classes : list of str
        Explained classes.
    settings : ExplanationConfig
    device : torch.device
    background : float64 [symbols]
    """

    def __init__(
        self,
        units: Units,
        classes: list[str],
        settings: ExplanationConfig,
        device: torch.device,
        background: Doubles,
    ) -> None:
        self._units, self._classes, self._settings = units, classes, settings
        self._device, self._background = device, background

    def attribute(self, run: Run, rows: Ints, writer: AttributionWriter) -> RunSummary:
        """Write the attributions of some records by one network, and return what was measured."""
        network, _ = load_model(run.path, self._device)
        explained = Explained(network, run.temperature, self._background, self._device)
        summary = RunSummary(run.key, self._classes)
        held = self._held(rows)
        what = f"attribute by {run.model}, fold {run.fold}, seed {run.seed}"
        with progress(what, "records", len(rows)) as bar:
            for row, own in zip(rows.tolist(), held, strict=True):
                record, position = self._units.table.ids[row], self._units.position(row)
                reason = self._refusal(row, network.window)
                if reason:
                    for name in self._classes:
                        writer.refuse(run.key, record, name, reason, position)
                    bar.advance()
                    continue
                x, focus = self._units.read(row, network.window)
                here = replace(explained, focus=focus)
                found = self._one(here, x, summary)
                for place, name in enumerate(self._classes):
                    writer.add(
                        run.key, record, name, float(found.logits[place]),
                        found.contribution[place], found.effects[place], position,
                    )  # fmt: skip
                for place in np.flatnonzero(own).tolist():
                    rng = np.random.default_rng([self._settings.seed, row])
                    curve = masking_curve(here, x, found.contribution[place], rng)
                    summary.add_curve(place, curve)
                bar.advance()
        return summary

    def _one(self, explained: Explained, x: Floats, summary: RunSummary) -> Attribution:
        steps = None
        if self._settings.method == "gradients":
            found, steps = integrated_gradients(explained, x)
        else:
            found = mutagenesis(explained, x)
        summary.add(found, steps)
        return found

    def _refusal(self, row: int, window: int | None) -> str:
        """Why a record is not attributed; empty if it is."""
        length = int(self._units.sizes(np.array([row]), window)[0])
        most = self._settings.longest
        if length <= most:
            return ""
        return f"{length:,} residues, more than explanation: longest ({most:,})"

    def _held(self, rows: Ints) -> Bools:
        """Whether each record has each explained class: bool [records, classes]."""
        table = self._units.table
        if not table.task.probabilistic:
            return np.ones((len(rows), 1), bool)
        counts = table.task.counts(table.targets[rows], table.classes) > 0
        first = len(table.classes) - len(self._classes)
        return counts[:, first : len(table.classes)]


def _why(count: int, tested: Ints) -> str:
    if count == len(tested):
        return ""
    return ", drawn evenly by class (explanation: records and changes)"


def _joined(frames: list[pd.DataFrame]) -> pd.DataFrame:
    some = [frame for frame in frames if len(frame)] or frames[:1]
    return pd.concat(some, ignore_index=True)


def _say_completeness(table: pd.DataFrame, method: str) -> None:
    if method != "gradients" or not table["records"].any():
        return
    median = table.loc[table["records"] > 0, "relative_error"].median()
    say(f"completeness: median error {median:.2%} of the difference (completeness.tsv)")
