"""The check of motifs: whether the networks need them, and whether they are enough."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bioseqrnn.attribution.attribution import Explained
from bioseqrnn.attribution.logits import explained_classes
from bioseqrnn.config.explanation import ExplanationConfig
from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.inference.device import choose_device, set_deterministic
from bioseqrnn.networks.store import load_model
from bioseqrnn.stages.explanation.chance import by_chance
from bioseqrnn.stages.explanation.draw import Run, background_of, chosen_runs
from bioseqrnn.stages.explanation.held_out import PLANTED, REMOVED, HeldOut, Measured
from bioseqrnn.stages.explanation.listed import Listed, Places, read_listed, read_places
from bioseqrnn.stages.explanation.units import Units, units_of
from bioseqrnn.support.atomic import together
from bioseqrnn.support.console import progress, say
from bioseqrnn.support.errors import InputError
from bioseqrnn.tables.declared.explanation import MOTIF_NULL, MOTIF_TESTS, OCCURRENCES
from bioseqrnn.tables.folds import read_folds
from bioseqrnn.tables.sequences import read_sequences

# motifs that are tested: those with the largest contributions
MOST_TESTED = 20
Tests = dict[tuple[int, str], Measured]


@dataclass(frozen=True)
class Networks:
    """Networks of folds, and what the evaluation says of them, as for ``attribute_sequences``."""

    models: list[Path]
    selected: Path | None
    temperatures: Path | None


def check_motifs(
    motifs: Path,
    networks: Networks,
    sequences: Path,
    folds: Path,
    output: Path,
    *,
    permuted: list[Path],
    settings: ExplanationConfig,
    machine: MachineConfig,
) -> None:
    """Change test records, each read by the networks of the fold that did not train on it.

    Each motif is taken out of records that it speaks for, and put into records of the other
    classes. At most ``settings.tests`` records of a fold are changed for each motif.

    Parameters
    ----------
    motifs : Path
        ``motifs.tsv``; matrices and occurrences are in the same folder.
    networks : Networks
    sequences, folds : Path
        Tables that the networks were trained on.
    output : Path
        Folder for ``motif_tests.tsv`` and ``motif_null.tsv``.
    permuted : list of Path
        ``attributions.parquet`` by networks that were trained on permuted labels.
    settings : ExplanationConfig
    machine : MachineConfig
        One device of it is used.

    Raises
    ------
    InputError
        A file is missing or invalid, or they do not belong together.
    """
    set_deterministic(settings.seed, machine.threads)
    table = read_sequences(sequences)
    classes = explained_classes(table.task, table.classes)
    units = units_of(table, settings.flank)
    listed = []
    if settings.tests:
        listed = read_listed(motifs, table.alphabet.symbols, MOST_TESTED, units.flank)
    strange = [motif for motif in listed if motif.label not in classes]
    if strange:
        raise InputError(
            f"{motifs}: {strange[0].name} is of class '{strange[0].label}', which the records do "
            "not have; find the motifs again"
        )
    tests: Tests = {
        (i, test): Measured() for i in range(len(listed)) for test in (REMOVED, PLANTED)
    }
    if listed:
        places = read_places(
            motifs.parent / OCCURRENCES.file, [motif.name for motif in listed], units
        )
        calibrated = networks.temperatures if table.task.probabilistic else None
        runs = chosen_runs(networks.models, sequences, networks.selected, calibrated)
        tested = units.tested(read_folds(folds, table))
        rows = [np.flatnonzero(tested[:, run.fold]) for run in runs]
        _test(tests, listed, places, list(zip(runs, rows, strict=True)), units, settings, machine)
    frame = MOTIF_TESTS.frame(
        [
            (listed[i].name, listed[i].label, listed[i].sign, test, *found.cells(settings.seed))
            for (i, test), found in tests.items()
        ]
    )  # fmt: skip
    chance = by_chance(permuted, table, settings.seed)
    with together():
        MOTIF_NULL.write(output / MOTIF_NULL.file, chance)
        MOTIF_TESTS.write(output / MOTIF_TESTS.file, frame)
    for row in frame.to_dict("records"):
        say(
            f"{row['motif']} {row['test']}: logit of {row['class']} {row['change']:+.2f}, control "
            f"{row['control']:+.2f} ({row['records']:,} records)"
        )


def _test(
    tests: Tests,
    listed: list[Listed],
    places: list[Places],
    runs: list[tuple[Run, np.ndarray]],
    units: Units,
    settings: ExplanationConfig,
    machine: MachineConfig,
) -> None:
    """Add what each network says to ``tests``."""
    device = choose_device(machine.device)
    background = background_of(units.whole)
    classes = explained_classes(units.whole.task, units.table.classes)
    held_out = HeldOut(units, background, settings.tests, settings.seed)
    with progress("motifs in test records", "networks", len(runs)) as bar:
        for run, tested in runs:
            network, _ = load_model(run.path, device)
            explained = Explained(network, run.temperature, background, device)
            rows = tested[units.sizes(tested, network.window) <= settings.longest]
            for i, motif in enumerate(listed):
                output = classes.index(motif.label)
                for test, make in ((REMOVED, held_out.removed), (PLANTED, held_out.planted)):
                    own, values = make(explained, output, motif, places[i], rows)
                    tests[i, test].rows.append(own)
                    tests[i, test].values.append(values)
            bar.advance()
