"""``bioseqrnn init`` and ``run``: the real workflow from a user's own folder."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml
from conftest import BIN, RESOURCES, ROOT, Outcome, first_records, run_command
from waiting import wait_until
from warm import shell_commands

from .conftest import TINY

pytestmark = pytest.mark.workflow
SMALL = {
    "folds": {"count": 2},
    "models": {"gru": {"cell": "gru", **TINY}},
    "baselines": ["composition"],
    "evaluation": {"bootstrap": 100},
    "explanation": {"method": "none"},
}


@pytest.fixture
def peptides(tmp_path):
    """A user's folder with FASTA of two classes, and one to predict."""
    for name, new in (("ACP", "a"), ("Random", "b")):
        (tmp_path / f"{new}.fa").write_text(first_records(RESOURCES / "acp" / f"{name}.fa", 40))
    (tmp_path / "c.fa").write_text(first_records(RESOURCES / "acp" / "query.fa", 5))
    return tmp_path


def bioseqrnn(folder: Path, *words: object) -> Outcome:
    environment = dict(os.environ)
    if commands := shell_commands():
        environment["PATH"] = f"{commands}{os.pathsep}{environment['PATH']}"
    return run_command(BIN / "bioseqrnn", *words, cwd=folder, environment=environment)


def jobs(done: Outcome) -> set[str]:
    """Rules that a dry run would run."""
    lines = (done.out + done.err).splitlines()
    return {line.split()[1].rstrip(":") for line in lines if line.startswith("rule ")} - {"all"}


def test_from_two_fasta_files_to_the_report(peptides):
    asked = ["--class", "ACP", "a.fa", "--class", "other", "b.fa", "--predict", "c.fa"]
    call = ["run", *asked, "--output", "my-project", "--cores", "2"]
    # the project is made, and everything is planned
    done = bioseqrnn(peptides, *call, "--", "--dry-run")
    assert done.code == 0, done.err
    assert {"encode_sequences", "train_final", "predict_query", "build_report"} <= jobs(done)
    project = peptides / "my-project"
    config = project / "config" / "config.yaml"
    config.write_text(yaml.safe_dump(yaml.safe_load(config.read_text()) | SMALL))

    # Ctrl-C on a terminal reaches all processes of the group
    results = project / "results" / "my-project"
    run = subprocess.Popen(
        [BIN / "bioseqrnn", *call], cwd=peptides, start_new_session=True, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        # what started the tests may have it ignored
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    wait_until((results / "findings.tsv").exists, "the end of the first job, and another runs", run)
    os.killpg(run.pid, signal.SIGINT)
    out, _ = run.communicate()
    assert run.returncode == 1, out
    last = out.splitlines()[-1]
    assert last.startswith("bioseqrnn: Snakemake ended with exit code 1;")
    assert last.endswith("; the same command goes on from here")
    assert not (results / "report").exists()
    assert not (project / "results" / ".lock").exists()
    assert not list((project / ".snakemake").glob("locks/*"))

    # the same call goes on, to the end
    done = bioseqrnn(peptides, *call)
    assert done.code == 0, done.err
    assert "rule encode_sequences" not in done.err
    named = dict(line.split(": ") for line in done.err.splitlines()[-4:])
    assert {what: Path(path).name for what, path in named.items()} == {
        "report": "report.html",
        "new sequences": "predictions.html",
        "final model": "model.safetensors",
        "predictions": "c.tsv.gz",
    }
    calls = pd.read_csv(peptides / named["predictions"], sep="\t")
    assert len(calls) == 5
    assert set(calls["call"]) <= {"ACP", "other"}

    # there is nothing to do, also from the folder itself
    done = bioseqrnn(project, "run", "--", "--dry-run")
    assert jobs(done) == set(), done.err
    assert done.err.splitlines()[-1] == "predictions: results/my-project/predictions/c.tsv.gz"
    # a new file to predict needs its prediction only, and a changed one is taken up
    done = bioseqrnn(peptides, "run", "-o", "my-project", "--predict", "b.fa", "--", "--dry-run")
    assert jobs(done) == {"predict_query", "report_queries"}
    (peptides / "a.fa").write_text(first_records(RESOURCES / "acp" / "ACP.fa", 39))
    done = bioseqrnn(peptides, *call, "--", "--dry-run")
    assert {"encode_sequences", "train_model", "build_report"} <= jobs(done)


def test_odd_names_are_planned(peptides):
    folder = peptides / 'it\'s "$HOME" ü; touch bad'
    folder.mkdir()
    for name in ("a", "b", "c"):
        shutil.move(peptides / f"{name}.fa", folder / f"-{name} '1' $(touch bad).fa")
    files = [f"./-{name} '1' $(touch bad).fa" for name in ("a", "b", "c")]
    done = bioseqrnn(
        folder, "run", "--class", "it's; touch bad", files[0], f"--class=-b={files[1]}",
        "--predict", files[2], "-o", "p q", "--", "--dry-run",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert "predict_query" in jobs(done)
    assert not list(peptides.rglob("bad"))


def test_exit_codes_and_messages_of_snakemake_are_handed_on(peptides):
    assert bioseqrnn(peptides, "init", "p").code == 0
    done = bioseqrnn(peptides, "run", "-o", "p")
    assert done.code == 2
    said, last = done.err.splitlines()[-2:]
    assert said == "bioseqrnn: error: config/datasets.tsv: contains no dataset"
    assert last == "bioseqrnn: Snakemake ended with exit code 2; see its messages above"
    assert not (peptides / "p" / "results").exists()
    done = bioseqrnn(peptides, "run", "-o", "p", "--", "--no-such-word")
    assert done.code == 2
    assert "unrecognized arguments: --no-such-word" in done.err


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder into which the wheel of this checkout is installed."""
    source = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info", "partitions.yaml")
    for name in ("src", "workflow"):
        shutil.copytree(ROOT / name, source / name, symlinks=True, ignore=ignored)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    target = source / "target"
    for words in (
        ["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", "dist", "."],
        ["install", "--no-deps", "--no-index", "--no-compile", "--find-links", "dist",
         "--target", target, "bioseqrnn"],
    ):  # fmt: skip
        subprocess.run([*pip, *words], cwd=source, check=True)
    shutil.rmtree(source / "src")
    shutil.rmtree(source / "workflow")
    return target


def test_an_installed_package_has_the_whole_workflow(installed, peptides, monkeypatch):
    for path in (ROOT / "workflow").rglob("*"):
        if path.is_file() and path.name != "partitions.yaml":
            inside = installed / "bioseqrnn" / "workflow" / path.relative_to(ROOT / "workflow")
            assert inside.read_bytes() == path.read_bytes()
    monkeypatch.setenv("PYTHONPATH", str(installed))
    done = run_command(
        sys.executable, "-P", "-m", "bioseqrnn", "run", "--class", "x", "a.fa", "--class", "y",
        "b.fa", "--output", "p", "--", "--dry-run", cwd=peptides,
    )  # fmt: skip
    assert done.code == 0, done.err
    assert f"{installed}/bioseqrnn/workflow/profiles/default" in done.err
    assert {"train_final", "build_report"} <= jobs(done)
    assert (peptides / "p" / "profiles" / "slurm" / "config.yaml").exists()
