"""The table 'change, rules that run again' of docs/architecture.md: each change is made."""

from __future__ import annotations

import os
import re
import shutil

import pytest
from conftest import ROOT

# in one test process, so that the run they start from is made once
pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("finished")]

PAGE = ROOT / "docs" / "architecture.md"


def rows() -> dict[str, str]:
    """The table: rules that run again, by change."""
    text = PAGE.read_text().split("| change | rules that run again |\n")[1]
    lines = re.match(r"(?: *\|.*\n)+", text)[0].splitlines()[1:]
    return dict([cell.strip() for cell in line.split(" | ")] for line in map(table_row, lines))


def after() -> str:
    """The rules that follow the evaluation, as the page lists them."""
    return re.search(r"^ *Evaluation and after: (.*?)\.\n", PAGE.read_text(), re.M | re.S)[1]


def table_row(line: str) -> str:
    return line.strip().removeprefix("|").removesuffix("|")


def setting(*path, value):
    """A change of one setting."""

    def change(project):
        config = project.read_config()
        section = config
        for name in path[:-1]:
            section = section.setdefault(name, {})
        section[path[-1]] = value
        project.write_config(config)

    return change


def new_content(project):
    fasta = project.folder / "data" / "EI.fa"
    fasta.write_text(fasta.read_text().replace(">", ">x", 1))
    os.utime(fasta, (0, 0))


def nothing_new(project):
    """New times, comments, another order of settings, and another number of cores."""
    for fasta in (project.folder / "data").iterdir():
        fasta.touch()
    config = project.read_config()
    config["models"]["gru"] = dict(reversed(config["models"]["gru"].items()))
    project.write_config(dict(reversed(config.items())))
    path = project.folder / "config" / "config.yaml"
    path.write_text("# a comment\n" + path.read_text())
    return "--cores", "7"


def new_rows(name, *rows):
    def change(project):
        sheet = project.folder / "config" / f"{name}.tsv"
        sheet.write_text(sheet.read_text() + "".join("\t".join(r.split()) + "\n" for r in rows))

    return change


def label_of_a_row(project):
    sheet = project.folder / "config" / "datasets.tsv"
    sheet.write_text(sheet.read_text().replace("EI.fa\tEI\n", "EI.fa\tdonor\n"))


def raised(*stages):
    """Numbers of stages raised, in a copy of the workflow."""

    def change(project):
        folder = project.folder / "checkout"
        shutil.copytree(ROOT / "workflow", folder / "workflow")
        (folder / "src").symlink_to(ROOT / "src")
        path = folder / "workflow" / "rules" / "common.smk"
        text = path.read_text()
        for stage in stages:
            text, count = re.subn(rf'("{stage}": )\d+', r"\g<1>999", text)
            assert count == 1
        path.write_text(text)
        return "--snakefile", folder / "workflow" / "Snakefile"

    return change


CHANGES = {
    "content of a FASTA of `dna`, even with an older time stamp": new_content,
    "label in a row of `dna`": label_of_a_row,
    "a dataset `two` is added": new_rows("datasets", "two data/EI.fa EI", "two data/IE.fa IE"),
    "a query of `pep` is added": new_rows("queries", "more pep data/ACP.fa"),
    "setting of the model `gru`": setting("models", "gru", "epochs", value=3),
    "a seed is added": setting("seeds", value=[1, 2]),
    "a baseline is added": setting("baselines", value=["composition", "majority"]),
    "setting of the evaluation": setting("evaluation", "bootstrap", value=101),
    "limit of the audit that does not stop": setting("audit", "duplicates", "limit", value=0.2),
    "setting of the attributions": setting("explanation", "records", value=900),
    "`threads`": setting("threads", value=2),
    "time stamps, comments, order of settings, `--cores`": nothing_new,
    "numbers of `prediction` and `report` in `STAGE_VERSIONS`": raised("prediction", "report"),
}


def test_every_row_is_tested():
    assert list(rows()) == list(CHANGES)


@pytest.mark.parametrize("change", CHANGES)
def test_what_runs_again(finished, planned_here, tmp_path, change):
    project = finished.copy(tmp_path / "copy")
    words = CHANGES[change](project) or ()
    jobs = project.planned(*words)
    rules, dataset = re.fullmatch(r"(.+?)(?:, of `(\w+)`)?", rows()[change]).groups()
    rules = rules.replace("evaluation and after", after())
    # in brackets: which jobs of the rule
    expected = set(re.findall(r"`(\w+)`", re.sub(r"\(.*?\)", "", rules)))
    if rules.startswith("all"):
        # what is named is the exception
        expected = {job.split()[0] for job in planned_here} - expected
    planned = {job.split()[0] for job in jobs}
    assert planned == expected, ", ".join(f"`{rule}`" for rule in sorted(planned))
    for rule, one in re.findall(r"`(\w+)` \(of `(\w+)`\)", rules):
        assert {job.split()[2] for job in jobs if job.startswith(rule)} == {one}
    if dataset:
        assert {job.split()[1] for job in jobs} == {dataset}
