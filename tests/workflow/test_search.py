from __future__ import annotations

import json

import pandas as pd
import pytest

from bioseqrnn.config.models import ModelConfig
from bioseqrnn.networks.card import read_card
from bioseqrnn.networks.defaults import fit_config
from bioseqrnn.tables.sequences import open_sequences

pytestmark = pytest.mark.workflow

SEARCH = {
    "models": ["gru"],
    "trials": 3,
    "workers": 2,
    "inner_folds": 2,
    "space": {"hidden_size": {"low": 2, "high": 8}, "stem_width": [5, 9]},
}
CURVE = {"models": ["gru", "composition"], "fractions": [0.5]}


def settled(results, config):
    """The settings as they stand for the dataset, which is what a card holds."""
    metadata = open_sequences(results / "sequences.parquet").metadata
    return fit_config(ModelConfig(**config), metadata).model_dump()


def configure(project, search=SEARCH, curve=CURVE, **changes):
    config = project.read_config() | changes
    config["models"] = {"gru": config["models"]["gru"] | {"epochs": 1}}
    config["evaluation"] = {"bootstrap": 100, "learning_curve": curve}
    project.write_sheet("datasets", "dataset fasta label", "pep data/ACP.fa ACP",
                        "pep data/Random.fa Random")  # fmt: skip
    project.write_sheet("queries", "query dataset fasta")
    project.write_config(config | {"search": search, "explanation": {"method": "none"}})


def test_a_searched_model_stands_beside_its_own_settings(project):
    configure(project)
    jobs = project.planned()
    for fold in (0, 1):
        for worker in (0, 1):
            assert jobs[f"search_worker pep gru_search fold-{fold} {worker}"] == 1
        assert jobs[f"search_choose pep gru_search fold-{fold}"] == 1
        assert jobs[f"train_model pep gru {fold} 1"] == 1
        assert jobs[f"train_model pep gru_search {fold} 1"] == 1
        assert jobs[f"train_on_fraction pep gru 0.5 {fold}"] == 1
        assert jobs[f"baseline_on_fraction pep composition 0.5 {fold}"] == 1
    assert jobs["search_choose pep gru_search final"] == 1

    done = project.snakemake()
    assert done.code == 0, done.out + done.err
    results = project.folder / "results" / "pep"
    summary = pd.read_csv(results / "evaluation" / "summary.tsv", sep="\t")
    assert set(summary["model"]) == {
        "gru",
        "gru_search",
        "selected",
        "composition",
        "combined",
        "combined_without_network",
    }
    for fold in (0, 1):
        folder = results / "search" / "gru_search" / f"fold-{fold}"
        chosen = json.loads((folder / "chosen.json").read_text())
        assert len(pd.read_csv(folder / "trials.tsv", sep="\t")) == 3
        path = results / "models" / "gru_search" / f"fold-{fold}" / "seed-1" / "model.safetensors"
        card = read_card(path)
        assert card["config"] == settled(results, chosen["config"])
        assert card["search"]["searched"] == chosen["searched"]
        assert "search" not in read_card(path.parents[3] / "gru" / "fold-0/seed-1" / path.name)
    # the final model has the settings of a search on all records, if it is a searched one
    selected = json.loads((results / "evaluation" / "selected.json").read_text())["model"]
    final = read_card(results / "final" / "networks" / "selected.safetensors")
    chosen = json.loads((results / "search" / "gru_search" / "final" / "chosen.json").read_text())
    assert final["model"] == selected
    if selected == "gru_search":
        assert final["config"] == settled(results, chosen["config"])
    else:
        assert chosen["config"] is None
    report = (results / "report" / "report.html").read_text()
    assert "Searched settings" in report
    assert "Would more sequences help?" in report
    tables = results / "report" / "tables"
    trials = pd.read_csv(tables / "search.tsv", sep="\t", dtype={"fold": "str"})
    assert trials.groupby("fold").size()[["0", "1"]].tolist() == [3, 3]
    sizes = pd.read_csv(tables / "learning_curve.tsv", sep="\t")
    assert set(sizes["model"]) == {"gru", "composition"}

    # nothing left to do; a larger budget searches on, and trains only what was searched
    assert not project.planned()
    configure(project, SEARCH | {"trials": 4})
    jobs = project.planned()
    assert jobs["search_worker pep gru_search fold-0 0"] == 1
    assert {job.split()[2] for job in jobs if job.startswith("train_model")} == {"gru_search"}
    assert not [job for job in jobs if job.startswith(("train_baseline", "assign", "train_on"))]


@pytest.mark.parametrize(
    ("search", "said"),
    [
        ({"models": ["gur"]}, "search.models: unknown model 'gur'; did you mean 'gru'?"),
        (
            {"space": {"hiden_size": [4]}},
            "search.space: unknown key 'hiden_size'; did you mean 'hidden_size'?",
        ),
        ({"space": {"hidden_size": {"low": 9, "high": 4}}}, "low must be below high"),
        ({"space": {"dropout": {"low": 0.1, "high": 1.5}}}, "search.space.dropout.high: 1.5 is"),
        ({"space": {"dropout": {"low": 0.1}}}, "search.space.dropout: 'high' is missing"),
        ({"space": {"dropout": {"low": 0.1, "hihg": 0.4}}}, "did you mean 'high'?"),
        ({"space": {"stem_width": [4]}}, "search.space.stem_width.0: 4 must be an odd number"),
        ({"space": {"stem_width": {"low": 3, "high": 9}}}, "give a list of choices"),
        ({"space": {}}, "search.space: contains no setting to search"),
        (
            {"space": {"dropout": {"low": 0.0, "high": 0.5, "log": True}}},
            "search.space.dropout: log needs a low above 0",
        ),
    ],
)
def test_a_search_that_cannot_be_is_one_line(project, search, said):
    configure(project, search)
    done = project.snakemake("--dry-run")
    lines = [line for line in done.err.splitlines() if line.startswith("bioseqrnn: error:")]
    assert len(lines) == 1, done.err
    assert said in lines[0]
    assert "Traceback" not in done.err


def test_an_unknown_model_of_the_learning_curve_is_one_line(project):
    configure(project, {}, {"models": ["kmer"]})
    done = project.snakemake("--dry-run")
    assert "evaluation.learning_curve.models: unknown model or baseline 'kmer'" in done.err
