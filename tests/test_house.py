"""Size, order and habits of the package, held by numbers."""

from __future__ import annotations

import ast
import re
import tomllib

import pytest
import yaml
from conftest import BIN, ROOT, run_command

PACKAGE = ROOT / "src" / "bioseqrnn"
MODULES = sorted(PACKAGE.rglob("*.py"))
RULES = ROOT / "workflow" / "rules"
HELPERS = ("common", "checksums", "gpus", "lock")


def lines(path):
    return len(path.read_text().splitlines())


def test_no_file_is_too_long_to_be_read():
    assert len(MODULES) > 100
    assert {str(path): n for path in MODULES if (n := lines(path)) > 350} == {}


def kernel(function):
    """Whether a function is compiled; a call of ``compiled`` may have options."""
    names = {
        node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")
        for decorator in function.decorator_list
        for node in ast.walk(decorator)
    }
    return "compiled" in names or "intrinsic" in names


def parameters(function):
    """How many values a caller may give; options of a command line are their own interface."""
    given = function.args
    every = [*given.posonlyargs, *given.args, *given.kwonlyargs]
    return len([one for one in every if one.arg not in ("self", "cls")])


@pytest.mark.parametrize(
    ("code", "many"),
    [("def f(self, a, /, b, *, c): ...", 3), ("@compiled\ndef f(a): ...", None),
     ("@compiled(fastmath=True)\ndef f(a): ...", None), ("@cache\ndef f(a, *b, **c): ...", 1)],
)  # fmt: skip
def test_parameters_are_counted(code, many):
    (function,) = ast.parse(code).body
    assert (None if kernel(function) else parameters(function)) == many


def test_no_function_has_more_than_nine_parameters():
    found = {}
    for path in MODULES:
        # a command has as many parameters as it has options
        if path.parent == PACKAGE / "cli":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not kernel(node):
                count = parameters(node)
                if count > 9:
                    found[f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"] = count
    assert found == {}


def test_helpers_of_the_rules_are_short():
    counts = {name: lines(RULES / f"{name}.smk") for name in HELPERS}
    assert counts["common"] <= 200
    assert sum(counts.values()) <= 450


LINTER = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]


def test_imports_go_down_only():
    for contract in LINTER["contracts"]:
        assert not {"ignore_imports", "unmatched_ignore_imports_alerting"} & contract.keys()
    done = run_command(BIN / "lint-imports", "--no-cache", cwd=ROOT)
    assert done.code == 0, done.out
    assert f"{len(LINTER['contracts'])} kept, 0 broken" in done.out


def test_only_tasks_know_which_task_is_which():
    """Other code asks for what a task is like, so that a new one needs no search for its name."""
    compared = re.compile(r"task\.name (?:==|!=|in \(|not in)")
    code = "from x import task\nif evidence.task.name == 'binary' or task.name in ('a', 'b'): pass"
    assert len(compared.findall(code)) == 2
    asking = [
        f"{path.relative_to(PACKAGE)}: {line.strip()}"
        for path in PACKAGE.rglob("*.py")
        if path.parent != PACKAGE / "tasks"
        for line in path.read_text().splitlines()
        if compared.search(line)
    ]
    # a model with members of another task is refused
    assert [line for line in asking if "scorer.task.name != task.name" not in line] == []


def test_the_document_shows_every_folder_and_layer():
    text = (ROOT / "docs" / "architecture.md").read_text()
    folders = [p.parent.relative_to(PACKAGE) for p in MODULES if p.name == "__init__.py"]
    for folder in folders:
        if folder.parts:
            assert f"`{folder}/`" in text, f"docs/architecture.md does not mention {folder}/"
    (drawn,) = re.findall(r"```\n(cli .*?)```", text, re.S)
    names = [re.split(r"  +", line)[0].strip() for line in drawn.splitlines()]
    assert names == LINTER["contracts"][0]["layers"]


def test_modules_and_files_that_documents_name_are_there():
    """Paths in backticks that begin like one of the repository or of the package."""
    tops = {"src", "tests", "workflow", "docs", "benchmarks", "containers", "resources"}
    tops |= {path.name for path in PACKAGE.iterdir() if path.is_dir()}
    wrong = []
    documents = [*(ROOT / "docs").glob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    for document in documents:
        for name in re.findall(r"`([\w./]+\.(?:py|smk)|[\w./]+/)`", document.read_text()):
            top = name.split("/")[0]
            if "/" not in name or top not in tops:
                continue
            places = (ROOT / name, PACKAGE / name, ROOT / "workflow" / name)
            if not any(path.exists() for path in places):
                wrong.append(f"{document.name}: {name}")
    assert wrong == []


def test_prose_has_at_most_120_columns():
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *ROOT.glob("*/README.md")]
    long = []
    for page in pages:
        apart = r"^```.*?^```$|^<!-- generated.*?^<!-- (generated: )?end -->$"
        text = re.sub(apart, "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
        lines = [line for line in text.splitlines() if not line.lstrip().startswith("|")]
        long += [f"{page.name}: {line}" for line in lines if len(line) > 120]
    assert long == []


def test_pre_commit_runs_what_make_check_runs():
    makefile = (ROOT / "Makefile").read_text()
    (parts,) = re.findall(r"^check: (.+)$", makefile, re.MULTILINE)
    recipes = [
        re.findall(rf"^{part}: install\n((?:\t.*\n)+)", makefile, re.MULTILINE)
        for part in parts.split()
    ]
    lines = [line.strip() for (recipe,) in recipes for line in recipe.splitlines()]
    checks = {line for line in lines if not line.startswith("@")}
    (local,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert local["repo"] == "local"
    assert all(hook["language"] == "system" for hook in local["hooks"])
    assert {hook["entry"].removeprefix(".venv/bin/") for hook in local["hooks"]} == checks
