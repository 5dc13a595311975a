"""Writes the workflow's schemas and the tables of ``config/README.md`` from the typed settings.

Run as ``python -m bioseqrnn.config.generate`` (``make schemas``) in the repository.
"""

from __future__ import annotations

import inspect
import json
import sys
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from bioseqrnn.config.audit import AuditConfig, Check
from bioseqrnn.config.datasets import DatasetOptions, NegativesConfig
from bioseqrnn.config.evaluation import EvaluationConfig, LearningCurveConfig, ThresholdConfig
from bioseqrnn.config.explanation import ExplanationConfig
from bioseqrnn.config.folds import FoldsConfig
from bioseqrnn.config.models import ModelConfig
from bioseqrnn.config.search import SearchConfig
from bioseqrnn.config.settings import Config
from bioseqrnn.config.sheets import DatasetRow, QueryRow
from bioseqrnn.support.io import write_text

SCHEMAS: dict[str, type[BaseModel]] = {
    "config": Config,
    "datasets": DatasetRow,
    "queries": QueryRow,
}
TABLES: list[tuple[str, type[BaseModel]]] = [
    ("config.yaml", Config),
    ("config.yaml, under `dataset_options`, by dataset", DatasetOptions),
    ("config.yaml, under `dataset_options`, under `negatives`", NegativesConfig),
    ("config.yaml, under `audit`", AuditConfig),
    ("config.yaml, under `folds`", FoldsConfig),
    ("config.yaml, under `models`, by model", ModelConfig),
    ("config.yaml, under `evaluation`", EvaluationConfig),
    ("config.yaml, under `evaluation`, under `threshold`", ThresholdConfig),
    ("config.yaml, under `evaluation`, under `learning_curve`", LearningCurveConfig),
    ("config.yaml, under `explanation`", ExplanationConfig),
    ("config.yaml, under `search`", SearchConfig),
    ("datasets.tsv", DatasetRow),
    ("queries.tsv", QueryRow),
]
BEGIN, END = "<!-- generated: begin -->", "<!-- generated: end -->"
COMMENT = "Generated from src/bioseqrnn/config by `make schemas`; do not edit."


def _tidy(node: Any) -> Any:
    """Drop titles, and refuse unknown keys in every object: these are typos."""
    if isinstance(node, list):
        return [_tidy(item) for item in node]
    if not isinstance(node, dict):
        return node
    tidy = {key: _tidy(value) for key, value in node.items() if not _is_title(key, value)}
    if isinstance(tidy.get("pattern"), str):
        tidy["pattern"] = _to_the_end(tidy["pattern"])
    if "patternProperties" in tidy:
        patterns = tidy["patternProperties"].items()
        tidy["patternProperties"] = {_to_the_end(key): value for key, value in patterns}
        tidy["additionalProperties"] = False
    return tidy


def _to_the_end(pattern: str) -> str:
    """Make ``$`` match only the end: in Python it also matches before a line break at the end."""
    return f"{pattern}(?!\\n)" if pattern.endswith("$") else pattern


def _is_title(key: str, value: Any) -> bool:
    return key == "title" and isinstance(value, str)


def schema_text(model: type[BaseModel]) -> str:
    """Return the JSON Schema (draft 2020-12) of a model.

    It is not written as YAML: Snakemake reads the schemas in every job, and reads JSON much faster.
    """
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$comment": COMMENT}
    schema |= _tidy(model.model_json_schema())
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _type(field: dict[str, Any]) -> str:
    """Return a short name for the type of a schema property."""
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if "anyOf" in field:
        return " or ".join(_type(option) for option in field["anyOf"])
    if "$ref" in field:
        return "section"
    if field.get("type") == "array":
        return f"list of {_type(field['items'])}"
    kind = {"object": "section", "string": "text", "number": "number", "boolean": "true or false"}
    name: str = kind.get(field.get("type", ""), field.get("type", ""))
    low = field.get("minimum", field.get("exclusiveMinimum"))
    high = field.get("maximum", field.get("exclusiveMaximum"))
    if low is not None and high is not None:
        return f"{name}, {low} to {'below ' if 'exclusiveMaximum' in field else ''}{high}"
    if low is not None:
        return f"{name}, {'above' if 'exclusiveMinimum' in field else 'at least'} {low}"
    return name


def _default(field: dict[str, Any], required: bool) -> str:
    if required:
        return "required"
    value = field.get("default")
    if isinstance(value, dict) and set(value) == set(Check.model_fields):
        return f"`{{{', '.join(f'{key}: {setting}' for key, setting in value.items())}}}`"
    if isinstance(value, dict) and value:
        return ", ".join(value) if all(isinstance(v, dict) for v in value.values()) else "see below"
    return f"`{json.dumps(value)}`"


def table_text() -> str:
    """Return all settings as Markdown tables."""
    parts = []
    for title, model in TABLES:
        schema = model.model_json_schema()
        parts.append(f"### {title}\n\n{inspect.cleandoc(model.__doc__ or '')}\n")
        parts.append("| key | type | default | meaning |\n|---|---|---|---|")
        for name, field in schema["properties"].items():
            default = _default(field, name in schema.get("required", []))
            parts.append(f"| `{name}` | {_type(field)} | {default} | {field['description']} |")
        parts.append("")
    return "\n".join(parts)


def generated_files(root: Path) -> dict[Path, str]:
    """Return every generated file with the text that it should have."""
    files = {
        root / "workflow" / "schemas" / f"{name}.schema.json": schema_text(model)
        for name, model in SCHEMAS.items()
    }
    readme = root / "config" / "README.md"
    before, rest = readme.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    files[readme] = f"{before}{BEGIN}\n\n{table_text()}\n{END}{after}"
    return files


if __name__ == "__main__":
    for path, text in generated_files(Path.cwd()).items():
        write_text(path, text)
        sys.stdout.write(f"wrote {path}\n")
