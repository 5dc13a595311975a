"""Input of a report, read from the files of a dataset."""

from __future__ import annotations

import json
import platform
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from bioseqrnn.networks.card import package_versions
from bioseqrnn.stages.report.keep import added_row, keep_table
from bioseqrnn.stages.report.sections.fold_sizes import fold_sizes
from bioseqrnn.support.atomic import written_so_far
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.io import read_parquet, sha256
from bioseqrnn.tables.curves import read_curves
from bioseqrnn.tables.declared import data, evaluation, explanation, models
from bioseqrnn.tables.manifest import result_files
from bioseqrnn.tables.selected import read_selection
from bioseqrnn.tables.sequences import open_sequences
from bioseqrnn.tasks import Task, task_of

# tables that only some runs have; the report shows them, but does not copy them
OPTIONAL = {evaluation.RANDOM_FOLDS.name: evaluation.RANDOM_FOLDS}


@dataclass(frozen=True)
class Inputs:
    """Input files of a report.

    Attributes
    ----------
    sequences, intake, checks, folds, leaks : Path
        Outputs of the stages sequences, audit and folds.
    evaluation : Path
        Folder written by ``evaluate``.
    gradients : Path, optional
        ``gradients.tsv`` of the stage diagnosis.
    optional : tuple of Path
        Tables that only some runs have, named as in ``OPTIONAL``.
    search : tuple of Path
        ``trials.tsv`` of every search.
    learning_curve : Path, optional
        ``learning_curve.tsv`` of the evaluation.
    motifs : Path, optional
        ``motifs.tsv`` of the stage explanation; the other tables of motifs are in its folder.
    motif_tests : Path, optional
        ``motif_tests.tsv``; ``motif_null.tsv`` is in its folder.
    results : Path, optional
        Folder of all results of the dataset. The manifest lists the files in it.
    """

    sequences: Path
    intake: Path
    checks: Path
    folds: Path
    leaks: Path
    evaluation: Path
    gradients: Path | None = None
    optional: tuple[Path, ...] = ()
    search: tuple[Path, ...] = ()
    learning_curve: Path | None = None
    motifs: Path | None = None
    motif_tests: Path | None = None
    results: Path | None = None

    @property
    def motif_files(self) -> dict[str, Path]:
        """Tables of motifs that the report reads, by their declared names."""
        files: dict[str, Path] = {}
        groups = (
            (self.motifs, explanation.SHOWN_MOTIFS), (self.motif_tests, explanation.CHECKED_TABLES)
        )  # fmt: skip
        for path, tables in groups:
            if path is not None:
                files |= {table.name: path.parent / table.file for table in tables}
                files[tables[0].name] = path
        return files

    def checksums(self, tables: Iterable[str]) -> dict[str, str]:
        """SHA-256 of every file that is read and not listed among the results.

        ``tables`` are the names of evaluation tables. Keys are file names, or paths if files share
        a name, like the trials of several searches.
        """
        files = [self.sequences, self.intake, self.checks, self.folds, self.leaks, *self.optional]
        files += [
            *self.search,
            *(path for path in (self.gradients, self.learning_curve) if path is not None),
        ]
        files += self.motif_files.values()
        read = [self.evaluation / f"{name}.tsv" for name in tables]
        files += [path for path in read if path.exists()]
        files = list(dict.fromkeys([*files, self.evaluation / "curves.parquet"]))
        if self.results is not None:
            files = [path for path in files if not _inside(path, self.results)]
        counts = Counter(path.name for path in files)
        return {
            path.name if counts[path.name] == 1 else path.as_posix(): sha256(path) for path in files
        }

    def result_checksums(self, outputs: Iterable[Path]) -> dict[str, str]:
        """SHA-256 of every result, by its path in the folder of results.

        ``outputs`` are files of the report itself, which may not have their final names yet.
        """
        if self.results is None:
            return {}
        sums = {name: sha256(self.results / name) for name in result_files(self.results)}
        for path in outputs:
            if _inside(path, self.results):
                name = path.resolve().relative_to(self.results.resolve()).as_posix()
                sums[name] = sha256(written_so_far(path))
        return sums


def _inside(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


@dataclass(frozen=True)
class Results:
    """Everything that a report shows.

    Attributes
    ----------
    metadata : dict
        Metadata of the sequence table.
    selected : dict
        ``selected.json``.
    tables : dict of DataFrame
        Tables by their declared names.
    given : bool
        Whether the split into train and test records came with the data.
    confidence : float
        Confidence level of the intervals, 0 to 1.
    """

    metadata: dict[str, Any]
    selected: dict[str, Any]
    tables: dict[str, pd.DataFrame]
    given: bool
    confidence: float

    @property
    def headline(self) -> str:
        """The metric that is shown first."""
        return str(self.selected["headline"])

    @property
    def task(self) -> Task:
        """The task: the kind of label."""
        return task_of(self.metadata["task"])

    @property
    def final_row(self) -> str:
        """The row whose score is that of the final model."""
        return str(self.selected["final"]["row"])

    @property
    def added(self) -> pd.Series | None:
        """All methods together against all but the network, in the headline metric."""
        return added_row(self.tables["comparisons"], self.headline)

    @property
    def keep(self) -> pd.DataFrame:
        """The selected network against every baseline, best baseline first."""
        tables = self.tables
        return keep_table(
            tables["summary"], tables["comparisons"], self.headline, self.selected["row"]
        )


def read_results(inputs: Inputs, settings: dict[str, Any], confidence: float) -> Results:
    """Read everything that the report shows.

    Raises
    ------
    InputError
        A file is missing or invalid, or an optional table has an unknown name.
    """
    metadata = open_sequences(inputs.sequences).metadata
    keys = ("criterion", "devices", "row", "headline", "final")
    selected = read_selection(inputs.evaluation / evaluation.SELECTED.file, keys)
    tables = {table.name: table.read(inputs.evaluation / table.file) for table in
              evaluation.EVALUATED}  # fmt: skip
    for row in (selected["row"], selected["final"]["row"]):
        if row not in set(tables["summary"]["model"]):
            path = inputs.evaluation / evaluation.SELECTED.file
            raise InputError(f"{path}: row '{row}' is not in summary.tsv; evaluate again")
    tables |= {
        evaluation.CURVES.name: read_curves(inputs.evaluation / evaluation.CURVES.file),
        data.CHECKS.name: data.CHECKS.read(inputs.checks),
        data.INTAKE.name: data.INTAKE.read(inputs.intake),
        data.LEAKS.name: data.LEAKS.read(inputs.leaks),
        evaluation.FOLD_SIZES.name: fold_sizes(inputs.sequences, inputs.folds),
        evaluation.PROVENANCE.name: provenance(metadata, selected, settings),
    }
    if inputs.gradients is not None:
        tables[models.GRADIENTS.name] = models.GRADIENTS.read(inputs.gradients)
    for path in inputs.optional:
        if path.stem not in OPTIONAL:
            raise InputError(
                f"{path}: the report can show only tables with the names {', '.join(OPTIONAL)}"
            )
        tables[path.stem] = OPTIONAL[path.stem].read(path)
    if inputs.learning_curve is not None:
        tables[evaluation.LEARNING_CURVE.name] = evaluation.LEARNING_CURVE.read(
            inputs.learning_curve
        )
    for table in (*explanation.SHOWN_MOTIFS, *explanation.CHECKED_TABLES):
        if table.name in inputs.motif_files:
            tables[table.name] = table.read(inputs.motif_files[table.name])
    # the search on all records has no trials if its model is not the final one
    trials = [frame for frame in map(models.TRIALS.read, inputs.search) if len(frame)]
    if trials:
        tables[models.TRIALS.name] = pd.concat(trials, ignore_index=True)
    given = read_parquet(inputs.folds, "fold table", ["fold"])[1].get("given", False)
    return Results(metadata, selected, tables, given, confidence)


def provenance(
    metadata: dict[str, Any], selected: dict[str, Any], settings: dict[str, Any]
) -> pd.DataFrame:
    """Software, settings and input checksums as rows of (what, value)."""
    rows = [("platform", platform.platform())]
    rows += list(package_versions().items())
    rows += [("trained on", device) for device in selected["devices"]]
    rows += [(f"SHA-256 of {name}", value) for name, value in metadata["sources"].items()]
    rows += [(f"setting {key}", json.dumps(settings[key])) for key in sorted(settings)]
    return evaluation.PROVENANCE.frame(rows)
