"""The checks at the start of a run, and the checks of settings that a schema cannot express."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from bioseqrnn.config.checks.files import InStorage, results_folder
from bioseqrnn.config.checks.labels import check_classes, check_coding, check_negatives
from bioseqrnn.config.checks.ranges import range_problem
from bioseqrnn.config.checks.scored import check_scored
from bioseqrnn.config.checks.settings import Origins
from bioseqrnn.config.checks.sheets import Rows, read_datasets, read_queries
from bioseqrnn.config.checks.text import suggestion
from bioseqrnn.support.errors import InputError


@dataclass(frozen=True)
class Run:
    """The data that a run works on.

    Attributes
    ----------
    results : str
        Folder of all output.
    datasets : dict of str to list of dict
        Rows of the datasets sheet.
    queries : dict of str to dict of str to str
        FASTA files to predict, by dataset and query.
    """

    results: str
    datasets: dict[str, Rows]
    queries: dict[str, dict[str, str]]


def check_run(
    settings: Any, origins: Origins, schemas: Mapping[str, Any], in_storage: InStorage
) -> Run:
    """Check settings that already match the schema, and the sheets that they name.

    Parameters
    ----------
    settings : mapping
        All settings, including defaults.
    origins : Origins
    schemas : mapping of str to validator
        Validators for a row of the sheets ``datasets`` and ``queries``.
    in_storage : callable
        Function that tells whether a path is in remote storage.

    Raises
    ------
    InputError
        One line for the first fault.
    """
    results = results_folder(f"{origins.at('results')}: results", settings["results"], in_storage)
    datasets = read_datasets(
        settings["datasets"], schemas["datasets"], settings["dataset_options"], in_storage
    )
    queries = read_queries(settings["queries"], schemas["queries"], datasets, origins, in_storage)
    for name in settings["dataset_options"]:
        if name not in datasets:
            raise InputError(
                f"{origins.at('dataset_options', name)}: dataset_options: unknown dataset "
                f"'{name}'; {suggestion(name, datasets)}"
            )
    check_models(settings, origins)
    check_transfers(settings, datasets, origins)
    check_search(settings, origins)
    check_scored(settings, datasets, origins)
    for dataset, rows in datasets.items():
        check_negatives(dataset, rows, settings, origins, in_storage)
        check_coding(dataset, settings, origins)
        check_classes(dataset, rows, settings, origins, in_storage)
    return Run(results, datasets, queries)


def check_models(settings: Any, origins: Origins) -> None:
    """Refuse model names that are already in use, and settings that the device does not support."""
    models = settings["models"]
    overlap = set(models) & set(settings["baselines"])
    if overlap:
        name = min(overlap)
        raise InputError(
            f"{origins.at('models', name)}: models: '{name}' is the name of a baseline; rename it"
        )
    made = {"selected", "combined", "combined_without_network"}
    made |= {f"{name}_ensemble" for name in ["selected", *models]}
    reserved = made & set(models)
    if reserved:
        name = min(reserved)
        raise InputError(
            f"{origins.at('models', name)}: models: the evaluation adds its own row '{name}' "
            "(docs/evaluation.md); rename the model"
        )
    for name, model in models.items():
        if model.get("precision") == "bf16" and settings["device"] == "cpu":
            raise InputError(
                f"{origins.at('models', name)}: models.{name}.precision: bf16 needs a GPU, but "
                "device is cpu; write fp32"
            )


def check_transfers(settings: Any, datasets: Collection[str], origins: Origins) -> None:
    """Refuse transfer matrices of datasets that do not exist or lack positives and negatives."""
    for name, members in settings["transfer"].items():
        for dataset in members:
            where = f"{origins.at('transfer', name)}: transfer.{name}"
            if dataset not in datasets:
                raise InputError(
                    f"{where}: unknown dataset '{dataset}'; {suggestion(dataset, datasets)}"
                )
            options = settings["dataset_options"].get(dataset, {})
            if options.get("task", "classification") != "classification":
                raise InputError(
                    f"{where}: '{dataset}' has task {options['task']}; transfer needs two classes, "
                    "positives and negatives"
                )


def check_search(settings: Any, origins: Origins) -> None:
    """Refuse searches of models that do not exist, and empty ranges."""
    search, models = settings["search"], settings["models"]
    where = f"{origins.at('search')}: search"
    names = {*models, *settings["baselines"]}
    for name in search["models"]:
        if name not in models:
            raise InputError(f"{where}.models: unknown model '{name}'; {suggestion(name, models)}")
        if f"{name}_search" in names:
            raise InputError(
                f"{where}.models: '{name}_search' is the name of the searched {name}; rename the "
                "model that has that name"
            )
    space = {k: v for k, v in search["space"].items() if v is not None}
    if not space:
        raise InputError(
            f"{where}.space: contains no setting to search; remove it to use the default"
        )
    for name, kind in space.items():
        if isinstance(kind, dict):
            problem = range_problem(kind["low"], kind["high"], kind.get("log", False))
            if problem:
                raise InputError(f"{where}.space.{name}: {problem}")
