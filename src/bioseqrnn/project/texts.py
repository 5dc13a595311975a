"""The files of a new project, as text."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from bioseqrnn import __version__
from bioseqrnn.config.settings import Config
from bioseqrnn.project.paths import in_sheet
from bioseqrnn.project.request import Request

HOME = "https://github.com/bioseqrnn/bioseqrnn"
DATASETS_HEADER = "dataset\tfasta\tlabel\n"
QUERIES_HEADER = "query\tdataset\tfasta\n"


def config_text(request: Request) -> str:
    """Return ``config/config.yaml``: the options that are given, and settings often changed."""
    models = {name: {"cell": model.cell} for name, model in _default("models").items()}
    parts = [
        f"# Every setting, its type, default and meaning: {HOME}/blob/main/config/README.md",
        _yaml({key: _default(key) for key in ("datasets", "queries", "results")}),
        "# Options of the dataset that differ from the defaults, like these:\n"
        "#   alphabet: protein   # dna or protein; the default looks at the letters\n"
        "#   strands: both       # DNA whose reverse complement means the same\n"
        "#   positive: promoter  # one of two classes; the default is the last by name",
        _yaml(
            {"dataset_options": {request.name: dict(request.options)} if request.options else {}}
        ),
        _yaml({"folds": {"count": _default("folds").count}}),
        "# One entry a model, each trained on every fold and seed; settings left out have their "
        "defaults.",
        _yaml({"models": models}),
        _yaml({"baselines": _default("baselines")}),
        _yaml({"seeds": _default("seeds")}),
        "# auto uses a CUDA GPU if there is one",
        _yaml({"device": _default("device")}),
    ]
    text = ""
    for part in parts:
        text += f"{part}\n" if part.startswith("#") else f"{part}\n\n"
    return text.rstrip("\n") + "\n"


def _default(name: str) -> Any:
    return Config.model_fields[name].get_default()


def _yaml(values: Mapping[str, Any]) -> str:
    text: str = yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=1000)
    return text.rstrip("\n")


def datasets_text(request: Request, folder: Path) -> str:
    """Return ``config/datasets.tsv``, with only its header if no classes are given."""
    return DATASETS_HEADER + "".join(
        f"{request.name}\t{in_sheet(path, folder)}\t{label}\n"
        for label, paths in request.classes.items()
        for path in paths
    )


def queries_text(request: Request, folder: Path) -> str:
    """Return ``config/queries.tsv``."""
    return QUERIES_HEADER + "".join(
        f"{query}\t{request.name}\t{in_sheet(path, folder)}\n"
        for query, path in request.queries.items()
    )


def readme_text(request: Request, profile: str) -> str:
    """Return the README of the project: the next command, its results, what can be changed."""
    name = request.name
    first = "" if request.classes else _FILL_IN.format(name=name)
    return _README.format(name=name, version=__version__, home=HOME, profile=profile, first=first)


_FILL_IN = """
Before that, list your FASTA files in `config/datasets.tsv`, one row a file. A file may be plain or
compressed, a folder or a glob. Columns are separated by tabs; relative paths start at this folder:

    dataset\tfasta\tlabel
    {name}\tdata/promoter.fa\tpromoter
    {name}\tdata/other.fa\tother

Files to predict are listed in `config/queries.tsv` in the same way, for example:

    query\tdataset\tfasta
    new\t{name}\tdata/new.fa
"""
_README = """# {name}

Made by bioseqrnn {version}. The next command, in this folder:

    bioseqrnn run
{first}
It uses all cores; `bioseqrnn run --cores 4` uses four. Run again, it goes on where it was, and does
only what changed files or settings need. Words after `--` are handed to Snakemake:
`bioseqrnn run -- --dry-run` shows the jobs.

| afterwards | what |
|---|---|
| `results/{name}/report/report.html` | the report: open it in a browser |
| `results/{name}/final/model.safetensors` | the final model, for `bioseqrnn predict` |
| `results/{name}/predictions/` | calls for the files of `config/queries.tsv`, one row a record |

| to change | edit |
|---|---|
| labelled FASTA files | `config/datasets.tsv` |
| FASTA files to predict | `config/queries.tsv`, or `bioseqrnn run --predict new.fa` |
| models, folds, options of the dataset | `config/config.yaml` |
| partition, account and limits of a cluster | `profiles/{profile}/config.yaml` |

With that profile, jobs are submitted: `bioseqrnn run -- --profile profiles/{profile}`.
Every setting and file is explained at {home}.
"""
