"""Which file a setting stands in, and what of --config is a number."""

from __future__ import annotations

import copy
import re
import shutil

import pytest
import yaml
from conftest import ROOT
from snakemake.cli import parse_config

from bioseqrnn.config.checks.schema_errors import read_schema
from bioseqrnn.config.checks.settings import Origins, check_settings
from bioseqrnn.support.errors import InputError

pytestmark = pytest.mark.workflow


def total(done):
    assert done.code == 0, done.err
    return int(re.findall(r"^total +(\d+)$", done.out + done.err, re.M)[0])


def error(done):
    assert done.code == 2, done.out + done.err
    others = ("Using workflow specific", "Config file config/config.yaml is")
    lines = (done.out + done.err).splitlines()
    (line,) = [line for line in lines if not line.startswith(others)]
    return line.removeprefix("bioseqrnn: error: ")


@pytest.fixture
def small(project):
    """One dataset and two models, in two folds."""
    config = project.read_config() | {"dataset_options": {}, "queries": "config/queries.tsv"}
    project.write_config(config)
    project.write_sheet("datasets", "dataset fasta label", "pep data/ACP.fa A", "pep data/EI.fa B")
    project.write_sheet("queries", "query dataset fasta", "new pep data/query.fa")
    return project


def test_nested_values_of_the_command_line_are_what_the_schema_wants(small):
    plain = total(small.snakemake("-n"))
    given = [
        "folds={count: 3}", "evaluation={bootstrap: 200, confidence: 9e-1}", "seeds=[1, 2]",
        "models={gru: {bidirectional: no, window: null, epochs: 3}}", "queries=null",
        "dataset_options={pep: {positive: A, classes: [A, B]}}",
    ]  # fmt: skip
    # four trainings (two models, two folds) become twelve, two baselines three; a query and its
    # page none
    assert total(small.snakemake("-n", "--config", *given)) == plain + 8 + 1 - 2


WRONG = {
    "folds={count: three}": "folds.count: 'three' is not a whole number",
    "folds={count: 3.5}": "folds.count: 3.5 is not a whole number",
    "folds={cuont: 3}": "folds: unknown key 'cuont'; did you mean 'count'?",
    "models={gru: {cell: gru, dropout: 1e400}}": "models.gru.dropout: '1e400' is not a number",
    "models={gru: {cell: gru, stem_width: 4}}": "models.gru.stem_width: 4 must be an odd number",
    "results=2024": "results: 2024 is not text; write it in two pairs of quotes, like '\"2024\"'",
    "seeds=[1, x]": "seeds.1: 'x' is not a whole number",
    "device=gpu": "device: 'gpu' is not allowed; did you mean 'cpu'?",
}


@pytest.mark.parametrize("given", list(WRONG))
def test_a_wrong_value_of_the_command_line_is_named_as_such(given):
    values = parse_config([given])
    schema = read_schema(ROOT / "workflow" / "schemas" / "config.schema.json")
    with pytest.raises(InputError) as caught:
        check_settings(copy.deepcopy(values), Origins([("--config", values)]), schema)
    assert str(caught.value).startswith(f"--config: {WRONG[given]}")


def test_a_file_that_is_given_adds_to_the_configuration(small):
    mine = small.folder / "mine.yaml"
    mine.write_text("models: {mine: {cell: rnn}}\n")
    done = small.snakemake("-n", "--configfile", mine)
    assert done.code == 0
    warnings = [line for line in done.err.splitlines() if line.startswith("bioseqrnn: warning: ")]
    assert warnings == [
        "bioseqrnn: warning: models: gru, rnn of config/config.yaml are also trained; --configfile "
        "adds to that file, --replace-workflow-config ignores that file"
    ]
    alone = small.snakemake("-n", "--configfile", mine, "--replace-workflow-config")
    assert "model=mine" in alone.out + alone.err
    assert "model=gru" not in alone.out + alone.err
    assert "warning: models" not in alone.err

    # what is wrong is named by the file that it stands in
    mine.write_text("datasets: mine.tsv\n")
    (small.folder / "mine.tsv").write_text("dataset\tfasta\tlabel\nd\tdata/ACP.fa\tA\n")
    assert error(small.snakemake("-n", "--configfile", mine)) == (
        "config/queries.tsv: line 2: unknown dataset 'pep'; known: d; 'queries' is set in "
        "config/config.yaml (to which --configfile adds; --replace-workflow-config ignores this "
        "file)"
    )
    mine.write_text("datasets: mine.tsv\nqueries: null\n")
    options = {"dataset_options": {"pep": {"positive": "A"}}, "queries": "config/queries.tsv"}
    small.write_config(small.read_config() | options)
    assert error(small.snakemake("-n", "--configfile", mine)) == (
        "config/config.yaml (to which --configfile adds; --replace-workflow-config ignores this "
        "file): dataset_options: unknown dataset 'pep'; known: d"
    )
    mine.write_text("dataset_options: {pip: {positive: A}}\n")
    assert error(small.snakemake("-n", "--configfile", mine)).startswith(
        "mine.yaml: dataset_options: unknown dataset 'pip'; did you mean 'pep'?"
    )


def test_an_own_folder_starts_from_nothing(small, tmp_path):
    """A configuration and a sheet are all that is needed: no queries, no options of other sets."""
    config = {k: v for k, v in small.read_config().items() if k != "queries"}
    shutil.rmtree(small.folder / "config")
    (small.folder / "ds.tsv").write_text(
        "dataset\tfasta\tlabel\nd\tdata/ACP.fa\tA\nd\tdata/EI.fa\tB\n"
    )
    assert error(small.snakemake("-n")).startswith("config/config.yaml: no such file in ")
    (small.folder / "mine.yaml").write_text(yaml.safe_dump(config | {"datasets": "ds.tsv"}))
    done = small.snakemake("-n", "--configfile", "mine.yaml")
    assert done.code == 0, done.err
    assert "rule build_report:" in done.out + done.err
    assert "predict_query" not in done.out + done.err
