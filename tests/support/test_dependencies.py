"""Machine code, checkpoints and searches are valid for all the code that made them, no other."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import RESOURCES, encode, first_records

from bioseqrnn.config.folds import FoldsConfig
from bioseqrnn.fasta.sources import Source
from bioseqrnn.stages.folds.run import split_table
from bioseqrnn.support import dependencies
from bioseqrnn.support.dependencies import digest_of, module_file, sources_of

TRAINING = "bioseqrnn.stages.training.run"
SEARCH = "bioseqrnn.stages.search.run"
# the command line with the settings that its options have, what it checks paths with, and the
# choice between a fold and the final model: they compute nothing; the training on permuted labels
# has a fingerprint of its own
COMMAND_LINE = (
    "bioseqrnn.cli", "bioseqrnn.config.datasets", "bioseqrnn.config.evaluation",
    "bioseqrnn.support.paths",
    "bioseqrnn.stages.training.given", "bioseqrnn.stages.training.permuted",
)  # fmt: skip
# data, loss, arithmetic and order of the batches of a training
COMPUTING = (
    "tasks/losses.py", "tasks/task.py", "tasks/truth.py", "onehot/on_device.py",
    "onehot/packing.py", "inference/stitching.py", "inference/batches.py", "inference/windows.py",
    "networks/recurrent.py", "networks/engine/backward.py", "networks/engine/simd.py",
    "networks/defaults.py", "fitting/loop.py", "fitting/augment.py", "fitting/optimizer.py",
    "tables/sequences.py", "tables/folds.py", "config/models.py",
)  # fmt: skip


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Function that copies the package to a folder and looks for modules there from then on."""
    original = dependencies.PACKAGE

    def copy(folder: str) -> Path:
        package = tmp_path / folder / "bioseqrnn"
        shutil.copytree(original, package, ignore=shutil.ignore_patterns("__pycache__"))
        monkeypatch.setattr(dependencies, "PACKAGE", package)
        return package

    return copy


def covered(module: str) -> set[str]:
    """Names of the package's files that a module depends on."""
    files = sources_of(module_file(module))
    return {file.relative_to(dependencies.PACKAGE).as_posix() for file in files}


@pytest.mark.parametrize("module", [TRAINING, SEARCH])
def test_all_that_computes_a_training_is_covered(module):
    assert set(COMPUTING) <= covered(module)


def test_every_module_that_a_training_loads_is_covered(tmp_path):
    sources = []
    for label in ("ACP", "Random"):
        path = tmp_path / f"{label}.fa"
        path.write_text(first_records(RESOURCES / "acp" / f"{label}.fa", 30))
        sources.append(Source(path, label))
    table = encode(tmp_path, sources)
    split_table(
        table,
        tmp_path / "folds.parquet",
        FoldsConfig(count=2, validation_fraction=0.2, seed=1, grouping="duplicates"),
    )
    config = {"cell": "gru", "hidden_size": 3, "epochs": 1, "members": 2, "monitor": "auprc"}
    words = [
        "train", "--sequences", "sequences.parquet", "--folds", "folds.parquet", "--fold", "0",
        "--model", "m", "--config", json.dumps(config), "--fraction", "0.9",
        "--output", "model.safetensors",
    ]  # fmt: skip
    script = (
        "import atexit, sys\n"
        "atexit.register(lambda: print(*sorted(m for m in sys.modules if m.split('.')[0] == "
        "'bioseqrnn')))\n"
        "from bioseqrnn.cli import main\n"
        f"sys.argv[1:] = {words!r}\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert (tmp_path / "model.safetensors").exists()
    loaded = done.stdout.split()
    assert TRAINING in loaded
    assert "bioseqrnn.tasks.losses" in loaded
    files = sources_of(module_file(TRAINING))
    outside = [name for name in loaded if module_file(name) not in files]
    assert [name for name in outside if not name.startswith(COMMAND_LINE)] == []


@pytest.mark.parametrize("module", [TRAINING, SEARCH])
def test_an_edited_loss_gives_another_digest(installed, module):
    installed("a")
    before = digest_of(module_file(module))
    losses = installed("b") / "tasks" / "losses.py"
    losses.write_text(losses.read_text().replace("smoothing / 2", "smoothing / 3"))
    assert digest_of(module_file(module)) != before


def test_the_digest_depends_on_neither_the_folder_nor_other_modules(installed):
    here = digest_of(module_file(TRAINING))
    package = installed("elsewhere")
    report = package / "stages" / "report" / "run.py"
    report.write_text(report.read_text() + "\n")
    assert module_file(TRAINING).is_relative_to(package)
    assert digest_of(module_file(TRAINING)) == here


def test_imports_inside_functions_of_packages_and_beside_a_file_count(installed, tmp_path):
    package = installed("package")
    (package / "support" / "late.py").write_text("from bioseqrnn.support import later\n")
    (package / "support" / "later.py").write_text("VALUE = 1\n")
    kernels = tmp_path / "kernels.py"
    kernels.write_text(
        "import helper, json\ndef run():\n    from bioseqrnn.support.late import VALUE\n"
    )
    helper = tmp_path / "helper.py"
    helper.write_text("VALUE = 1\n")
    (tmp_path / "unrelated.py").write_text("VALUE = 1\n")
    names = {file.relative_to(tmp_path).as_posix() for file in sources_of(kernels)}
    inside = ("__init__.py", "support/__init__.py", "support/late.py", "support/later.py")
    assert names == {"kernels.py", "helper.py", *(f"package/bioseqrnn/{name}" for name in inside)}
    before = digest_of(kernels)
    helper.write_text("VALUE = 2\n")
    assert digest_of(kernels) != before


def test_the_digest_of_files_outside_the_package_does_not_depend_on_their_folder(tmp_path):
    digests = set()
    for folder in ("a", "z"):
        (tmp_path / folder).mkdir()
        file = tmp_path / folder / "kernels.py"
        file.write_text("from bioseqrnn.support.errors import InputError\n")
        digests.add(digest_of(file))
    assert len(digests) == 1


def test_imports_are_those_that_the_parser_of_python_finds():
    """In every file of the package, and in all ways to write them."""

    def parsed(source: bytes) -> set[tuple[str, int]]:
        found = set()
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Import):
                found |= {(alias.name, 0) for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                before = f"{node.module}." if node.module else ""
                found |= {(before + alias.name, node.level) for alias in node.names}
        return found

    def found(source: bytes) -> set[tuple[str, int]]:
        return {(".".join(name), level) for name, level in dependencies._imported_names(source)}

    sources = [path.read_bytes() for path in dependencies.PACKAGE.rglob("*.py")]
    assert len(sources) > 100
    sources.append(
        b"import a.b as c, d\nif True:\n\tfrom .. import (  # why\n  e as f,\n  g, # (h\n)\n"
        b"from .i.j import k, \\\n    l as m\nfrom n import *; o = 1\n"
        b"import p;import q\nif o: import r\n"
    )
    for source in sources:
        assert found(source) == parsed(source)


def test_relative_imports_count(tmp_path):
    (tmp_path / "inner").mkdir()
    for name in ("above.py", "inner/beside.py", "inner/other.py"):
        (tmp_path / name).write_text("")
    file = tmp_path / "inner" / "kernels.py"
    file.write_text("from .beside import double\nfrom . import other\nfrom ..above import triple\n")
    names = {found.relative_to(tmp_path).as_posix() for found in sources_of(file)}
    assert names == {"above.py", "inner/beside.py", "inner/kernels.py", "inner/other.py"}


def test_a_module_that_is_not_there():
    with pytest.raises(ModuleNotFoundError, match=r"bioseqrnn\.nothing"):
        module_file("bioseqrnn.nothing")
