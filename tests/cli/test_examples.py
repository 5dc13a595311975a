"""Every example of the documentation is run, or the reason why not stands here."""

from __future__ import annotations

import gzip
import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import jsonschema
import numpy as np
import pandas as pd
import pyarrow.parquet
import pytest
import torch
import yaml
from conftest import BIN, RESOURCES, ROOT, first_records
from example_shell import SMALL, Folder, write_variants

# one process makes the fixture for all
pytestmark = pytest.mark.xdist_group("examples")

PAGES = ["README.md", "CONTRIBUTING.md", *(f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: str, language: str) -> list[str]:
    """The fenced examples of a page in one language."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return [found[2] for found in BLOCK.finditer(text) if found[1] == language]


# of shell: run in the fixtures below, in the order of the page
RUN = {
    "docs/quickstart.md": 2,
    "docs/cli.md": 6,
    "docs/keras.md": 1,
    "docs/search.md": 1,
    "docs/diagnosis.md": 1,
    "docs/variants.md": 1,
}
CHECKED = {
    "README.md": "make, conda and benchmarks install or take minutes: targets and files are looked "
    "for; what reads the results is run",
    "docs/cluster.md": "needs a cluster: syntax, profiles and make targets are looked for",
    "docs/training.md": "needs SLURM: syntax, and the options of its command",
    "docs/motifs.md": "needs modisco-lite: syntax, and the options of its command",
}
# run by tests/workflow/test_module.py: it is Snakemake, which is coloured as Python
SNAKEMAKE = {"docs/module.md": 2}
PYTHON = {"docs/formats.md": 1, "docs/keras.md": 1}
# run by tests/api/test_documents.py
DOCTESTS = {"docs/api.md": 5}
# run by tests/test_extending.py
EXTENSIONS = {("docs/extending.md", language): 6 for language in ("diff", "python")}
# run by tests/cli/test_onnx.py
SERVED = {("docs/onnx.md", language): 1 for language in ("bash", "python")}
# run by tests/stages/prediction/test_genes.py
GENES = {("docs/genes.md", "bash"): 1}
# run by tests/stages/scanning/test_document.py
SCANS = {("docs/scan.md", "bash"): 2}
EXPLAINED = (
    "attribution", "audit", "baselines", "combination", "labels", "learning_curve", "motifs",
    "search", "transfer",
)  # fmt: skip
YAML = {f"docs/{page}.md": 1 for page in EXPLAINED}


def test_no_example_is_forgotten():
    count = {
        (page, language): len(found)
        for page in PAGES
        for language in sorted({m[1] for m in BLOCK.finditer((ROOT / page).read_text())})
        if (found := blocks(page, language))
    }
    expected = {(page, "bash"): n for page, n in RUN.items()}
    expected |= {(page, "bash"): len(blocks(page, "bash")) for page in CHECKED}
    expected |= {(page, "python"): n for page, n in PYTHON.items()}
    expected |= {(page, "yaml"): n for page, n in YAML.items()}
    expected |= {(page, "python"): n for page, n in (SNAKEMAKE | DOCTESTS).items()}
    expected |= EXTENSIONS | SERVED | GENES | SCANS
    assert count == expected


# --- Shell, with the real commands --------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Files that the examples name, small."""
    path = tmp_path_factory.mktemp("examples")
    texts = {
        name: first_records(RESOURCES / "acp" / f"{name}.fa", 30) for name in ("ACP", "Random")
    }
    for name, text in texts.items():
        (path / f"{name}.fa").write_text(text)
    (path / "new.fa").write_text(first_records(RESOURCES / "acp" / "query.fa", 10))
    (path / "all.fa").write_text("".join(texts.values()))
    (path / "all.fa.gz").write_bytes(gzip.compress((path / "all.fa").read_bytes()))
    rows = [f"{r.split()[0]}\t{n}\n" for n, t in texts.items() for r in t.split(">")[1:]]
    (path / "labels.tsv").write_text("id\tlabel\n" + "".join(rows))
    (path / "data").mkdir()
    for name, bases in (("x", "ACGTTGCA"), ("y", "GGTTAACC")):
        text = "".join(f">{name}{i} class={name}\n{bases * (i + 1)}\n" for i in range(5))
        (path / "data" / f"{name}.fa").write_text(text)
    (path / "genome.fa").write_text(f">chr1\n{'ACGTTGCATTGACCA' * 200}\n")
    peaks = [f"chr1\t{300 * i + 250}\t{300 * i + 260}\t{'ab'[i % 2]}\n" for i in range(8)]
    (path / "peaks.bed").write_text("".join(peaks))
    for name in ("config", "resources"):
        (path / name).symlink_to(ROOT / name)
    shutil.copy(ROOT / "tests" / "data" / "keras" / "rnn.keras", path / "model.keras")
    before = Path.cwd()
    os.chdir(path)
    yield Folder(path)
    os.chdir(before)


@pytest.fixture(scope="module")
def commands(folder):
    """The first example of docs/cli.md, run."""
    folder.shell(blocks("docs/cli.md", "bash")[0])
    return folder


def test_the_stages_without_snakemake(commands):
    page = (commands.path / "report" / "report.html").read_text()
    assert "Test records with an identical or a similar sequence among" in page
    assert len(pd.read_csv(commands.path / "new.tsv.gz", sep="\t")) == 10


def test_from_fasta_to_the_report(folder):
    """Planned; tests/workflow/test_one_command.py runs such a project to its end."""
    for script in blocks("docs/quickstart.md", "bash"):
        folder.shell(script)
    for name in ("peptides", "my-project"):
        config = folder.path / name / "config"
        assert len(pd.read_csv(config / "datasets.tsv", sep="\t")) == 2
        (query,) = pd.read_csv(config / "queries.tsv", sep="\t").to_dict("records")
        assert query["dataset"] == name


def test_transfer(commands):
    for name in ("random", "shuffled"):
        shutil.rmtree(commands.path / name, ignore_errors=True)
    sets = {
        "random": ["--fasta", "Random.fa", "--label", "negative"],
        "shuffled": [],
    }
    for name, more in sets.items():
        options = {"positive": "ACP", "alphabet": "protein"}
        options |= {} if more else {"negatives": {"method": "shuffle", "k": 1}}
        table, folds = f"{name}/sequences.parquet", f"{name}/folds.parquet"
        commands.call(
            "encode", "--fasta", "ACP.fa", "--label", "ACP", *more, "--options",
            json.dumps(options), "--intake", f"{name}/intake.tsv", "-o", table,
        )  # fmt: skip
        commands.call("split", "--sequences", table, "--folds", 2, "-o", folds)
        for k in (0, 1):
            commands.call(
                "train", "--sequences", table, "--folds", folds, "--fold", k, "--config",
                json.dumps({"cell": "gru"} | SMALL), "-o", f"{name}/gru/{k}/model.safetensors",
            )  # fmt: skip
    commands.shell(blocks("docs/cli.md", "bash")[1])
    assert (commands.path / "transfer" / "heatmap.svg").exists()


def test_formats_of_predictions(commands):
    text = (commands.path / "new.fa").read_text()
    (commands.path / "more.fa").write_text(text)
    (commands.path / "others.fa.gz").write_bytes(gzip.compress(text.encode()))
    *files, pipe = blocks("docs/cli.md", "bash")[2].splitlines()
    commands.shell("\n".join(files))
    environment = os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", pipe], env=environment, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    header, *lines = done.stdout.splitlines()
    assert (header, len(lines)) == ("id\tcall", 10)
    calls = pd.read_csv(commands.path / "calls.tsv", sep="\t")
    assert calls["file"].unique().tolist() == ["more.fa", "others.fa.gz"]
    assert (commands.path / "calls.tsv.gz").exists()
    assert "standard input: 10 records in, 10 out" in (commands.path / "log.txt").read_text()


def test_labels_and_shards(commands):
    labels, shards = blocks("docs/cli.md", "bash")[3:5]
    assert labels.count(" ...\n") == len(labels.splitlines()) == 4
    made = labels.replace(" ...\n", " --intake x.tsv --output x.parquet\n")
    commands.shell(made)
    commands.shell(shards.replace("sequences.parquet", "gathered.parquet"))
    assert (commands.path / "gathered.parquet").exists()


def test_models_of_keras(commands):
    commands.shell(blocks("docs/cli.md", "bash")[5])
    shutil.copy(ROOT / "tests" / "data" / "keras" / "lstm.h5", commands.path / "promoters.keras")
    (commands.path / "new.fa").write_text(">1\nACGTTGCA\n")
    commands.shell(blocks("docs/keras.md", "bash")[0])


def test_search(commands):
    commands.shell(blocks("docs/search.md", "bash")[0])
    assert json.loads((commands.path / "chosen.json").read_text())["trials"] == 2


def test_diagnosis(commands):
    for cell in ("rnn", "gru", "lstm"):
        commands.call(
            "train", "--sequences", "sequences.parquet", "--folds", "folds.parquet", "--fold", 0,
            "--config", json.dumps({"cell": cell} | SMALL), "-o", f"{cell}.safetensors",
        )  # fmt: skip
    commands.shell(blocks("docs/diagnosis.md", "bash")[0])


def test_variants(folder):
    rows = write_variants(folder.path)
    folder.shell(blocks("docs/variants.md", "bash")[0])
    scored, both = (
        pd.read_csv(folder.path / name, sep="\t", keep_default_na=False)
        for name in ("scored.tsv", "both.tsv.gz")
    )
    changed = [ref != alt for _, _, ref, alt in rows]
    assert [reason == "" for reason in scored["reason"]] == changed
    names = set(scored) - set(both)
    assert names == {"rank_yes"}
    # the higher logit of the two strands
    for column in ("logit_ref_yes", "logit_alt_yes"):
        one, other = (pd.to_numeric(frame[column][changed]) for frame in (scored, both))
        assert (other >= one).all()
        assert (other > one).any()
    with gzip.open(folder.path / "scored.vcf.gz", "rt") as archive:
        body = [line for line in archive if not line.startswith("#")]
    assert [line.split("\t")[1] for line in body] == [str(p) for _, p, _, _ in rows]


# --- Python -------------------------------------------------------------------------------------


def test_python_of_the_formats(folder):
    folder.call(
        "encode", "--fasta", "data/*.fa", "--label-key", "class", "--intake", "dna.tsv", "-o",
        "dna.parquet",
    )  # fmt: skip
    code = blocks("docs/formats.md", "python")[0].replace("sequences.parquet", "dna.parquet")
    names: dict = {"pyarrow": pyarrow, "numpy": np}
    exec(code, names)
    assert names["onehot"].tolist() == np.eye(4)[["ACGT".index(b) for b in "ACGTTGCA"]].tolist()


def test_python_of_the_weights_of_keras():
    draw = np.random.default_rng(1)
    arrays = [draw.normal(size=s).astype("f4") for s in ((4, 192), (64, 192), (2, 192)) * 2]

    class Layer:
        def get_weights(self):
            return arrays

    class Model:
        def get_layer(self, name):
            return Layer() if name == "bidirectional" else None

    names: dict = {"keras_model": Model(), "torch": torch}
    exec(blocks("docs/keras.md", "python")[0], names)
    assert names["layer"].hidden_size == 64


# --- What is not run ----------------------------------------------------------------------------


@pytest.mark.parametrize("page", YAML)
def test_settings_are_valid(page):
    schema = json.loads((ROOT / "workflow" / "schemas" / "config.schema.json").read_text())
    schema.pop("required", None)
    given = yaml.safe_load(blocks(page, "yaml")[0])
    assert set(given) <= set(schema["properties"])
    jsonschema.validate(given, schema)


@pytest.mark.parametrize("page", CHECKED)
def test_scripts_that_need_more_than_this_machine_are_bash_and_name_what_there_is(page):
    for script in blocks(page, "bash"):
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)
        targets = re.findall(r"^make (\w+)", script, re.MULTILINE)
        makefile = (ROOT / "Makefile").read_text()
        for target in targets:
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
        for name in re.findall(
            r"\b(?:workflow/profiles/\w+(?=[ /\n])|[\w/]+\.yml|config/\S+\.tsv)", script
        ):
            assert (ROOT / name).exists(), name
        for module in re.findall(r"python -m (benchmarks\.\w+)", script):
            assert list((ROOT / "benchmarks").glob(f"{module.split('.')[1]}*")), module


def test_options_of_commands_that_are_not_run():
    script = blocks("docs/training.md", "bash")[0].replace("\\\n", " ")
    calls = [shlex.split(line.strip(" &")) for line in script.splitlines() if "bioseqrnn " in line]
    assert calls
    for _, command, *words in calls:
        # parsed whole, and stopped by the help that is asked for at the end
        shown = subprocess.run(
            [BIN / "bioseqrnn", command, *words, "--help"],
            capture_output=True,
            text=True,
            check=True,
        )
        for flag in (word for word in words if word.startswith("--")):
            assert re.search(rf"^\s.*{flag}\b", shown.stdout, re.MULTILINE), flag


def test_options_of_snakemake_that_are_shown():
    lines = [
        line
        for page in CHECKED
        for script in blocks(page, "bash")
        for line in script.splitlines()
        if line.startswith("snakemake ")
    ]
    assert len(lines) >= 3
    known = subprocess.run(
        [BIN / "snakemake", "--help"], capture_output=True, text=True, check=True
    )
    for line in lines:
        for flag in re.findall(r"(?<= )--?[a-z-]+", line.split("#")[0]):
            assert re.search(rf"(?<![\w-]){flag}(?![\w-])", known.stdout), flag


def test_what_reads_the_results(tmp_path):
    script = next(b for b in blocks("README.md", "bash") if "query_truth" in b)
    (tmp_path / "resources").symlink_to(RESOURCES)
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(BIN / "python")
    sizes = {}
    for name in ("splice", "acp"):
        truth = pd.read_csv(RESOURCES / name / "query_truth.tsv", sep="\t")
        sizes[name] = len(truth)
        out = tmp_path / "results" / name / "predictions"
        out.mkdir(parents=True)
        calls = truth.rename(columns={"label": "call"})[["id", "call"]]
        calls.to_csv(out / f"{name}_query.tsv.gz", sep="\t", index=False)
    script = script.replace(".venv/bin/python", str(BIN / "python"))
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    said = "".join(f"{name} {n} of {n} right\n" for name, n in sizes.items())
    assert done.stdout == said
    shown = BLOCK.sub("", (ROOT / "README.md").read_text())
    assert all(f"of {n} right" in shown for n in sizes.values())
