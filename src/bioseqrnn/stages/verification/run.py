"""The verification job: every difference between results and what is there now, in one line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bioseqrnn.networks.card import package_versions
from bioseqrnn.stages.verification.files import Advance, compare_files, problem, total_bytes
from bioseqrnn.stages.verification.findings import Finding, Kind, count_of, note, outdated
from bioseqrnn.stages.verification.predicted import compare_predictions
from bioseqrnn.stages.verification.project import (
    Project,
    compare_inputs,
    compare_settings,
    read_project,
)
from bioseqrnn.support.console import progress
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.hardware import processor
from bioseqrnn.tables.manifest import MANIFEST, Manifest, read_manifest

# what is found in the folder of a dataset whose report was not made
BEGUN = "sequences.parquet"


def verify_results(folder: Path, config: Path | None) -> Iterator[Finding]:
    """Compare results with their manifests, the project and this machine.

    Parameters
    ----------
    folder : Path
        Results of one dataset, or a folder of the results of several.
    config : Path, optional
        Configuration of the project; its sheets and files are looked for in the working folder.
        None: inputs and settings are not compared.

    Yields
    ------
    Finding

    Raises
    ------
    InputError
        There are no results in the folder.
    """
    datasets = _datasets(folder)
    project = None
    if config is None:
        yield note("inputs and settings", "not compared, because there is no configuration here")
    else:
        try:
            project = read_project(config)
        except InputError as error:
            yield outdated("inputs and settings", f"not compared: {error}")
    for path in datasets:
        try:
            manifest = _manifest(path)
        except InputError as error:
            yield Finding(Kind.FAULT, str(path), str(error))
            continue
        with progress(f"verify {path.name}", "bytes", total_bytes(path, manifest)) as bar:
            yield from _verify_dataset(path, manifest, project, bar.advance)


def summary(findings: list[Finding]) -> str:
    """Say in one line whether the results are those that were made."""
    faults, outdated_, notes = (count_of(findings, kind) for kind in Kind)
    verdict = "differ" if faults or outdated_ else "verified"
    return f"results {verdict}: {faults:,} faults, {outdated_:,} out of date, {notes:,} notes"


def _datasets(folder: Path) -> list[Path]:
    """List the folders of datasets; InputError if there are none."""
    if not folder.is_dir():
        raise InputError(f"{folder}: is not a folder; give a folder of results, like 'results'")

    def begun(path: Path) -> bool:
        return (path / MANIFEST).exists() or (path / BEGUN).exists()

    found = [folder] if begun(folder) else sorted(p for p in folder.iterdir() if begun(p))
    if not found:
        raise InputError(
            f"{folder}: contains no results with {MANIFEST}; give a folder of results, or run the "
            "workflow"
        )
    return found


def _manifest(folder: Path) -> Manifest:
    """Read the manifest of a dataset; InputError if there is none that lists results."""
    if said := problem(folder, MANIFEST):
        raise InputError(f"{MANIFEST} {said}")
    manifest = read_manifest(folder / MANIFEST)
    if not manifest.files:
        raise InputError(
            f"{MANIFEST} lists no results; make the report by the workflow, or with 'bioseqrnn "
            "report --results'"
        )
    return manifest


def _verify_dataset(
    folder: Path, manifest: Manifest, project: Project | None, advance: Advance
) -> Iterator[Finding]:
    yield from compare_files(folder, manifest, advance)
    queries = None
    if project is not None:
        queries = project.queries.get(manifest.dataset, {})
        if manifest.dataset in project.datasets:
            yield from compare_inputs(project, manifest, advance)
            yield from compare_settings(project, manifest)
        else:
            yield note(
                str(folder),
                f"dataset '{manifest.dataset}' is not in the sheet; its inputs and settings are "
                "not compared",
            )
    yield from compare_predictions(folder, queries, advance)
    yield from _compare_machine(folder, manifest)


def _compare_machine(folder: Path, manifest: Manifest) -> Iterator[Finding]:
    """Yield notes on other versions and another processor: both can change the last digits."""
    now = package_versions() | {"processor": processor()}
    for name, then in (manifest.versions | manifest.hardware).items():
        if now.get(name) != then:
            here = f"{now[name]} here" if name in now else "not used here"
            yield note(str(folder), f"{name}: {then} where the report was made, {here}")
