"""The project as it is now: its settings, and the files that its sheets name."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bioseqrnn.config.checks.schema_errors import SchemaValidator
from bioseqrnn.config.checks.settings import Origins
from bioseqrnn.config.checks.sheets import Rows, read_datasets, read_queries
from bioseqrnn.config.checks.yaml_file import check_yaml
from bioseqrnn.config.generate import schema_text
from bioseqrnn.config.settings import Config
from bioseqrnn.config.sheets import DatasetRow, QueryRow
from bioseqrnn.config.validate import section
from bioseqrnn.stages.verification.files import Advance, checksum
from bioseqrnn.stages.verification.findings import Finding, note, outdated
from bioseqrnn.support.checked import short
from bioseqrnn.tables.manifest import Manifest

AGAIN = "run the workflow again"
# settings whose keys are names of the user; elsewhere a key that the manifest lacks is a setting
# that did not exist yet, or has no effect on the dataset
NAMED = ("models",)


@dataclass(frozen=True)
class Project:
    """A configuration and its sheets.

    Attributes
    ----------
    config : Path
    settings : dict
        All settings, with defaults.
    datasets : dict of str to list of str
        Files that each dataset is made from.
    queries : dict of str to dict of str to str
        FASTA files to predict, by dataset and query.
    """

    config: Path
    settings: dict[str, Any]
    datasets: dict[str, list[str]]
    queries: dict[str, dict[str, str]]


def read_project(config: Path) -> Project:
    """Read a configuration and its sheets, as a run in this folder would.

    Raises
    ------
    InputError
        A file of them is invalid or missing.
    """
    given = check_yaml(config)
    settings = section(Config, given, str(config)).model_dump(mode="json")
    options = settings["dataset_options"]
    rows = read_datasets(settings["datasets"], _schema(DatasetRow), options, _in_storage)
    queries = settings["queries"]
    if "queries" not in given and queries is not None and not Path(queries).exists():
        queries = None
    origins = Origins([(str(config), given)])
    found = read_queries(queries, _schema(QueryRow), rows, origins, _in_storage)
    files = {name: _files(rows[name], options.get(name, {})) for name in rows}
    return Project(config, settings, files, found)


def _schema(row: Any) -> Any:
    return SchemaValidator(json.loads(schema_text(row)))


def _in_storage(path: str) -> bool:
    return "://" in path


def _files(rows: Rows, options: Mapping[str, Any]) -> list[str]:
    """List what a dataset is made from: FASTA, labels, intervals, a genome for negatives."""
    files = []
    for row in rows:
        files += row["files"]
        files += [row[key] for key in ("labels", "intervals") if key in row]
    genome = options.get("negatives", {}).get("genome")
    return list(dict.fromkeys([*files, *([genome] if genome else [])]))


def compare_inputs(project: Project, manifest: Manifest, advance: Advance) -> Iterator[Finding]:
    """Yield the input files of a dataset whose content is not that of the results."""
    known = manifest.sequences.sources
    left = dict(known)
    for name in project.datasets[manifest.dataset]:
        if _in_storage(name):
            yield note(name, "is in remote storage, and is not compared")
            continue
        key = name if name in known else Path(name).name
        left.pop(key, None)
        if key not in known:
            yield outdated(name, f"the results were made without this file; {AGAIN}")
        elif checksum(Path(name), advance) != known[key]:
            yield outdated(name, f"has changed since the results were made; {AGAIN}")
    for name in left:
        yield outdated(
            name, f"the results were made with this file, which is not used now; {AGAIN}"
        )


def compare_settings(project: Project, manifest: Manifest) -> Iterator[Finding]:
    """Yield the settings, seeds among them, that are not those of the results."""
    now = dict(project.settings)
    now["dataset_options"] = now["dataset_options"].get(manifest.dataset, {})
    for name, value in manifest.settings.items():
        for key, then, found in _differences(name, value, now.get(name, _MISSING)):
            yield outdated(
                f"{project.config}: {key}",
                f"{_shown(then)} in the results, {_shown(found)} now; {AGAIN}, or change it back",
            )


_MISSING = object()


def _differences(key: str, then: Any, now: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield (dotted key, value in the results, value now) of settings that differ."""
    if not (isinstance(then, dict) and isinstance(now, dict)):
        if then != now:
            yield key, then, now
        return
    names = [*then, *(name for name in now if name not in then and key in NAMED)]
    for name in names:
        yield from _differences(f"{key}.{name}", then.get(name, _MISSING), now.get(name, _MISSING))


def _shown(value: Any) -> str:
    return "not set" if value is _MISSING else short(json.dumps(value))
