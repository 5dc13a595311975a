"""The workflow as a module of another one, which it leaves as it is."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from types import SimpleNamespace

import pandas as pd
import pytest
import yaml
from conftest import BIN, RESOURCES, ROOT, first_records, run_command
from warm import shell_commands

from .rule_functions import functions_of

pytestmark = pytest.mark.workflow
IMPORT = f"""
module {{name}}:
    snakefile: "{ROOT}/workflow/Snakefile"
    config: config["{{name}}"]
    {{more}}

use rule * from {{name}} as {{name}}_*
"""
# everything of its own that a module might take over
HOST = """
import gc, os, signal
configfile: "mine.yaml"
BEFORE = (gc.get_threshold(), os.environ.get("PYTHONSAFEPATH"))
signal.signal(signal.SIGUSR1, handler := lambda *_: None)
shell.prefix("HOST_SAYS=hello; ")
scattergather: shards=3
wildcard_constraints: fold="own"

rule all:
    input: "done.txt", gather.shards("part.{scatteritem}.txt"), "fold-own.txt"

rule done:
    output: "done.txt"
    shell: "echo $HOST_SAYS > {output}"

rule part:
    output: "part.{scatteritem}.txt"
    shell: "false | true; touch {output}"

rule own:
    output: "fold-{fold}.txt"
    shell: "touch {output}"
"""
AFTER = """
assert (gc.get_threshold(), os.environ.get("PYTHONSAFEPATH")) == BEFORE
assert signal.getsignal(signal.SIGUSR1) is handler
assert list(gather.shards("{scatteritem}")) == ["1-of-3", "2-of-3", "3-of-3"]

# as docs/module.md says
onstart:
    one.lock_results()
    os.link("results/.lock", "started.txt")

onsuccess: one.unlock_results()
"""


@pytest.fixture
def host(project):
    """Function that runs a workflow in a folder whose config/config.yaml is its own affair."""
    settings = project.read_config()
    (project.folder / "config" / "config.yaml").write_text("of: [the host\n")

    def run(text, *words, **instances):
        (project.folder / "mine.yaml").write_text(
            yaml.safe_dump({name: settings | more for name, more in instances.items()})
        )
        (project.folder / "Snakefile").write_text(text)
        return run_command(BIN / "snakemake", "--cores", 2, *words, cwd=project.folder)

    run.folder = project.folder
    return run


def test_two_modules_leave_the_host_as_it_is(host):
    modules = IMPORT.format(name="one", more="") + IMPORT.format(name="two", more="")
    done = host(HOST + modules + AFTER, one={"shards": 2}, two={"results": "other", "shards": 4})
    assert done.code == 0, done.err
    # its own target, prefix and handlers, and nothing of the modules
    assert (host.folder / "done.txt").read_text() == "hello\n"
    assert {path.name for path in host.folder.glob("*.txt")} == {
        "done.txt", "started.txt", "fold-own.txt", *(f"part.{k}-of-3.txt" for k in (1, 2, 3)),
    }  # fmt: skip
    assert json.loads((host.folder / "started.txt").read_text())["folder"] == str(host.folder)
    assert list((host.folder / "results").iterdir()) == []
    assert not (host.folder / "other").exists()
    planned = host(HOST + modules, "-n", "one_all", "two_all", one={"shards": 2},
                   two={"results": "other", "shards": 4})  # fmt: skip
    assert planned.code == 0, planned.err
    counts = dict(re.findall(r"^(\w+_shard) +(\d+)$", planned.out + planned.err, re.M))
    assert counts == {"one_encode_shard": "4", "two_encode_shard": "8"}


def test_the_example_of_the_docs_is_planned(host):
    (text,) = re.findall(
        r"^```python\n(module .*?)^```$", (ROOT / "docs/module.md").read_text(), re.M | re.S
    )
    own = 'configfile: "mine.yaml"\nrule all:\n    input: "results/dna/report/report.html"\n'
    done = host(own + text.replace("…/bioseqrnn", str(ROOT)), "-n", bioseqrnn={})
    assert done.code == 0, done.err
    assert "bioseqrnn_build_report" in done.out + done.err


def test_rules_of_another_workflow_call_single_commands(tmp_path):
    """The second example of the page, from FASTA files to calls."""
    text = (ROOT / "docs/module.md").read_text()
    (text,) = re.findall(r"^```python\n(GENOMES .*?)^```$", text, re.M | re.S)
    (tmp_path / "data").mkdir()
    for name, record in (("promoter", "EI"), ("other", "IE"), ("a", "N"), ("b", "query")):
        source = RESOURCES / "splice" / f"{record}.fa"
        (tmp_path / "data" / f"{name}.fa").write_text(first_records(source, 30))
    # so that it takes seconds
    text = text.replace("--model gru", "--model gru --config '{SMALL}'")
    text = 'SMALL = \'{"cell": "gru", "hidden_size": 4, "epochs": 1}\'\n' + text
    (tmp_path / "Snakefile").write_text(text)
    environment = dict(os.environ)
    if commands := shell_commands():
        environment["PATH"] = f"{commands}{os.pathsep}{environment['PATH']}"
    done = run_command(BIN / "snakemake", "--cores", 1, cwd=tmp_path, environment=environment)
    assert done.code == 0, done.err
    calls = [pd.read_csv(tmp_path / "calls" / f"{name}.tsv.gz", sep="\t") for name in "ab"]
    assert [len(table) for table in calls] == [30, 30]
    assert {*calls[0]["call"]} <= {"promoter", "other"}


def test_a_prefix_is_refused_before_any_job(host):
    done = host(HOST + IMPORT.format(name="one", more='prefix: "sub"'), one={})
    assert done.code == 2
    (line,) = [line for line in (done.out + done.err).splitlines() if "bioseqrnn" in line]
    assert line.startswith(
        "bioseqrnn: error: config of module 'one': 'prefix' of the module changes '"
    )
    assert line.endswith("set results: instead of prefix, like 'results: sub/results'")


def test_triggers_of_the_host_stay_and_are_told(host):
    text = HOST + IMPORT.format(name="one", more="")
    done = host(text, "-n", "--rerun-triggers", "mtime", "--", "one_all", one={})
    assert done.code == 0
    assert done.err.count("bioseqrnn: warning: --rerun-triggers mtime: a changed setting") == 1


def test_a_module_without_settings_does_not_take_those_of_the_host(host):
    """Snakemake would read config/config.yaml for it, which is the host's own."""
    text = IMPORT.replace('    config: config["{name}"]\n', "").format(name="one", more="")
    (host.folder / "config" / "config.yaml").write_text("models: {mine: {cell: gru}}\n")
    done = host(text, "-n", "one_all", one={})
    assert done.code == 2
    (line,) = [line for line in (done.out + done.err).splitlines() if "bioseqrnn" in line]
    assert line == (
        "bioseqrnn: error: module 'one': it has no 'config'; write its settings there, like "
        "config: config['one'] (docs/module.md)"
    )


@pytest.fixture
def repository(tmp_path):
    """A repository with two versions of the workflow, whose files are fetched one by one."""
    folder = tmp_path / "repository"
    here = SimpleNamespace(folder=folder, message="contains no dataset")
    shutil.copytree(ROOT / "workflow", folder / "workflow")
    for part in ("support", "config", "tables"):
        shutil.copytree(ROOT / f"src/bioseqrnn/{part}", folder / f"src/bioseqrnn/{part}")

    def commit(tag):
        name = ("-c", "user.name=test", "-c", "user.email=test@example.org")
        for words in (["add", "."], [*name, "commit", "-qm", tag], ["tag", tag]):
            subprocess.run(["git", *words], cwd=folder, check=True)

    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    commit("v1")
    sheets = folder / "src/bioseqrnn/config/checks/sheets.py"
    text = sheets.read_text()
    assert here.message in text
    sheets.write_text(text.replace(here.message, "contains not one dataset"))
    commit("v2")
    return here


def test_two_versions_are_fetched_from_a_repository(host, repository):
    text = HOST + "".join(
        IMPORT.replace(
            f'"{ROOT}/workflow/Snakefile"',
            f'gitfile("{repository.folder}", path="workflow/Snakefile", tag="{tag}")',
        ).format(name=name, more="")
        for name, tag in (("one", "v1"), ("two", "v2"))
    )
    shutil.rmtree(repository.folder / "workflow")
    shutil.rmtree(repository.folder / "src")
    two = {"results": "other"}
    done = host(text, "-n", "one_all", "two_all", one={}, two=two)
    assert done.code == 0, done.err
    for name in ("one", "two"):
        assert f"{name}_build_report" in done.out + done.err
    # each has its own checks
    (host.folder / "empty.tsv").write_text("dataset\tfasta\tlabel\n")
    empty = {"datasets": "empty.tsv"}
    for spoilt, message in (
        ({"one": empty, "two": two}, "contains no dataset"),
        ({"one": {}, "two": two | empty}, "contains not one dataset"),
    ):
        done = host(text, "-n", "one_all", "two_all", **spoilt)
        assert done.code == 2
        assert f"bioseqrnn: error: empty.tsv: {message}" in done.err.splitlines()


def test_the_checks_of_a_workflow_are_not_those_of_an_installed_package():
    """They are loaded from its files, and an installed package stays as it is."""
    from bioseqrnn.config.checks import sheets

    before = {name: part for name, part in sys.modules.items() if name.startswith("bioseqrnn")}
    workflow = SimpleNamespace(
        source_path=lambda path: str((ROOT / "workflow" / "rules" / path).resolve()),
        modifier=SimpleNamespace(skip_configfile=True),
        config_settings=SimpleNamespace(configfiles=(), config={}, overwrite_config={}),
    )
    rules = functions_of("checks", workflow=workflow, config={}, IMPORTED=True)
    after = {name: part for name, part in sys.modules.items() if name.startswith("bioseqrnn")}
    assert before == after
    assert rules.PACKAGE["bioseqrnn.config.checks.sheets"].read_sheet is not sheets.read_sheet
    folder = ROOT / "src" / "bioseqrnn" / "config" / "checks"
    loaded = {name.rpartition(".")[2] for name in rules.MODULES if name.startswith("config.checks")}
    assert loaded == {path.stem for path in folder.glob("*.py")} - {"__init__"}


BARE = """
import sys
from types import SimpleNamespace

# what the checks may not need, and any installed bioseqrnn
for name in ("numpy", "pandas", "pyarrow", "pydantic", "torch", "typer", "snakemake", "bioseqrnn"):
    sys.modules[name] = None
workflow = SimpleNamespace(
    source_path=lambda path: "workflow/rules/" + path,
    modifier=SimpleNamespace(skip_configfile=True),
    config_settings=SimpleNamespace(configfiles=(), config={}, overwrite_config={}),
)
space = {"__name__": "rules", "workflow": workflow, "config": {}, "IMPORTED": True}
exec(open("workflow/rules/checks.smk").read(), space)
print(sorted(name for name in space["PACKAGE"] if "checks" in name)[-1])
"""


def test_the_checks_need_no_installed_package():
    done = run_command(BIN / "python", "-P", "-c", BARE, cwd=ROOT)
    assert done.code == 0, done.err
    assert done.out == "bioseqrnn.config.checks.yaml_file\n"
