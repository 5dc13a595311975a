from __future__ import annotations

import os
import shutil
from collections import Counter
from pathlib import Path

import pytest
import yaml
from conftest import BIN, RESOURCES, ROOT, Outcome, first_records, run_command
from warm import shell_commands

TINY = {"hidden_size": 6, "stem_filters": 6, "epochs": 2}


class Project:
    """A user's folder with a configuration of its own, and the real workflow run in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def snakemake(self, *words: object, cores: int = 2, warm: bool = True) -> Outcome:
        """``warm``: Snakemake and commands of jobs may have done their imports before."""
        environment = dict(os.environ)
        if warm and (commands := shell_commands()):
            environment["PATH"] = f"{commands}{os.pathsep}{environment['PATH']}"
        return run_command(
            BIN / "snakemake", "--snakefile", ROOT / "workflow" / "Snakefile", "--cores", cores,
            *words, cwd=self.folder, environment=environment, warm=warm,
        )  # fmt: skip

    def planned(self, *words: object) -> Counter[str]:
        """Jobs a run would start, by 'rule dataset model …'."""
        done = self.snakemake("--dry-run", *words)
        assert done.code == 0, done.err + done.out
        jobs: Counter[str] = Counter()
        rule = ""
        for line in (done.out + done.err).splitlines():
            if line.startswith(("rule ", "localrule ")):
                rule = line.split()[1].rstrip(":")
                if rule == "all":
                    continue
                jobs[rule] += 0
            elif line.strip().startswith("wildcards:") and rule:
                values = [word.split("=")[1] for word in line.split(": ")[1].split(", ")]
                jobs[" ".join([rule, *values])] += 1
        return Counter({job: count for job, count in jobs.items() if count})

    def read_config(self) -> dict:
        return yaml.safe_load((self.folder / "config" / "config.yaml").read_text())

    def write_config(self, config: dict) -> None:
        (self.folder / "config" / "config.yaml").write_text(yaml.safe_dump(config))

    def write_sheet(self, name: str, *rows: str) -> None:
        text = "\n".join("\t".join(row.split()) for row in rows) + "\n"
        (self.folder / "config" / f"{name}.tsv").write_text(text)

    def copy(self, folder: Path) -> Project:
        """The same folder with all times kept, to change without harm to other tests."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return Project(folder)


DATASETS = (
    "dataset fasta label",
    "pep data/ACP.fa ACP",
    "pep data/Random.fa Random",
    "dna data/EI.fa EI",
    "dna data/IE.fa IE",
    "dna data/N.fa N",
)
QUERIES = ("query dataset fasta", "new dna data/query.fa")


def make_project(folder: Path) -> Project:
    project = Project(folder)
    (folder / "config").mkdir(parents=True)
    (folder / "data").mkdir()
    for source in ("acp/ACP", "acp/Random", "splice/EI", "splice/IE", "splice/N"):
        path = RESOURCES / f"{source}.fa"
        (folder / "data" / path.name).write_text(first_records(path, 40))
    shutil.copy(RESOURCES / "splice" / "query.fa", folder / "data" / "query.fa")
    project.write_sheet("datasets", *DATASETS)
    project.write_sheet("queries", *QUERIES)
    project.write_config(
        {
            "dataset_options": {"pep": {"positive": "ACP"}},
            "folds": {"count": 2},
            "models": {name: {"cell": name, **TINY} for name in ("rnn", "gru")},
            "baselines": ["composition"],
            "evaluation": {"bootstrap": 100},
        }
    )
    return project


def make_dna_project(folder: Path) -> Project:
    """The same with one dataset, which is not explained."""
    project = make_project(folder)
    project.write_sheet("datasets", DATASETS[0], *(row for row in DATASETS if "dna" in row))
    less = {"dataset_options": {}, "explanation": {"method": "none"}}
    project.write_config(project.read_config() | less)
    return project


@pytest.fixture(scope="session")
def new_project():
    """Function that fills a folder as a user would."""
    return make_project


@pytest.fixture
def project(tmp_path) -> Project:
    """A folder that nothing has run in."""
    return make_project(tmp_path / "project")


@pytest.fixture(scope="session")
def planned_here(tmp_path_factory) -> Counter[str]:
    """What a run on this machine would do in a folder that nothing has run in."""
    return make_project(tmp_path_factory.mktemp("planned") / "project").planned()


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Project:
    """A folder in which the workflow has run to the end."""
    project = make_project(tmp_path_factory.mktemp("finished") / "project")
    done = project.snakemake()
    assert done.code == 0, done.out + done.err
    return project
