"""What random folds and the learning curve score, where a dataset has a label for every residue."""

from __future__ import annotations

import pytest
from conftest import write_exons

from bioseqrnn.config.checks.scored import check_scored
from bioseqrnn.config.checks.settings import Origins
from bioseqrnn.support.errors import InputError

pytestmark = pytest.mark.workflow
NOTHING_LEFT = (
    "config/config.yaml: {}: nothing can be scored for dataset 'sides' of task per_position, "
    "because {}; add another baseline or a model"
)
CURVE = "evaluation.learning_curve.models"


@pytest.fixture
def sides(project):
    """The sides of a junction of each residue, beside the project's peptides."""
    write_exons(project.folder / "data" / "sides.txt", 4, 15)
    project.write_sheet(
        "datasets", "dataset fasta label", "pep data/ACP.fa ACP", "pep data/Random.fa Random",
        "sides data/sides.txt",
    )  # fmt: skip
    project.write_sheet("queries", "query dataset fasta")
    options = {"sides": {"task": "per_position", "alphabet": "dna", "block": 100}}
    config = {"dataset_options": options, "baselines": ["composition", "pwm"]}
    project.write_config(project.read_config() | config)
    return project


def scored(project, names):
    config = project.read_config()
    config["folds"]["compare_random"] = names
    config["evaluation"]["learning_curve"] = {"models": names, "fractions": [0.5]}
    project.write_config(config)


def test_baselines_of_whole_records_are_left_out(sides):
    scored(sides, ["pwm", "composition"])
    jobs = [job.split() for job in sides.planned()]
    rules = {
        "train_baseline", "train_random_baseline", "baseline_on_fraction", "fit_final_baseline",
    }  # fmt: skip
    for dataset, baseline in (("pep", "pwm"), ("pep", "composition"), ("sides", "composition")):
        assert {words[0] for words in jobs if {dataset, baseline} <= set(words)} == rules
    assert not [words for words in jobs if {"sides", "pwm"} <= set(words)]
    assert ["evaluate_learning_curve", "sides"] in jobs
    assert ["compare_random_folds", "sides"] in jobs


def test_nothing_left_is_refused_before_any_job(sides):
    scored(sides, ["pwm"])
    done = sides.snakemake()
    assert done.code == 2
    message = NOTHING_LEFT.format("folds.compare_random", "pwm scores whole records")
    assert f"bioseqrnn: error: {message}" in (done.out + done.err).splitlines()
    assert not (sides.folder / "results").exists()


def settings(random, curve, grouping="homology", combine=None):
    return {
        "combine": combine,
        "models": {"gru": {}},
        "baselines": ["composition", "pwm", "gapped_kmer"],
        "dataset_options": {"sides": {"task": "per_position"}},
        "folds": {"compare_random": random, "grouping": grouping},
        "search": {"models": ["gru"]},
        "evaluation": {"learning_curve": {"models": curve}},
    }


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            (["gapped_kmer", "pwm"], []),
            NOTHING_LEFT.format("folds.compare_random", "gapped_kmer and pwm score whole records"),
        ),
        (([], ["pwm"]), NOTHING_LEFT.format(CURVE, "pwm scores whole records")),
        ((["gru_search"], []), "'gru_search' is not a model or baseline of this run; known: comp"),
        (([], ["gru_serch"]), "unknown model or baseline 'gru_serch'; did you mean 'gru_search'?"),
    ],
)
def test_what_cannot_be_scored(given, message):
    values = settings(*given)
    with pytest.raises(InputError) as caught:
        check_scored(values, {"sides": [{}]}, Origins([("config/config.yaml", values)]))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("given", "row"),
    [
        ((None, ["pwm", "gru_search"]), {}),
        ((["pwm", "gru"], []), {}),
        # no folds are dealt at random
        ((["pwm"], []), {"split": "train"}),
        ((["pwm"], [], "none"), {}),
    ],
)
def test_what_can_be_scored(given, row):
    values = settings(*given)
    check_scored(values, {"sides": [row]}, Origins([("config/config.yaml", values)]))


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (
            ["gru", "pmw"],
            "combine: 'pmw' is not a model or baseline of this run; did you mean 'pwm'?",
        ),
        (["selected", "gru", "pwm"], "combine: 'selected' is one of the networks, so it cannot be"),
        (["selected", "pwm"], None),
        (["gru_search", "gru", "composition"], None),
        ([], None),
    ],
)
def test_what_can_be_combined(names, message):
    values = settings([], [], combine=names)
    where = Origins([("config/config.yaml", values)])
    if message is None:
        check_scored(values, {"sides": [{}]}, where)
        return
    with pytest.raises(InputError) as caught:
        check_scored(values, {"sides": [{}]}, where)
    assert message in str(caught.value)
