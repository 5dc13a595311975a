# What several stages share: versions, checked settings, names in paths.
import json
import os

# Raise a stage's number when its results change for the same input: they are then made again.
STAGE_VERSIONS = {
    "sequences": 3,
    "audit": 2,
    "folds": 3,
    "search": 2,
    "training": 7,
    "baselines": 5,
    "evaluation": 4,
    "learning_curve": 2,
    "diagnosis": 1,
    "transfer": 1,
    "prediction": 5,
    "report": 7,
}
NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]*"
SCHEMAS = {
    name: workflow.source_path(f"../schemas/{name}.schema.yaml")
    for name in ("config", "datasets", "queries")
}


wildcard_constraints:
    dataset=NAME,
    model=NAME,
    baseline=NAME,
    transfer=NAME,
    query=NAME,
    fold=r"\d+",
    seed=r"\d+",
    part=r"fold-\d+|final",
    shard=r"\d+-of-\d+",
    worker=r"\d+",
    fraction=r"[\d.e-]+",


def checked_run():
    """Check all settings, with defaults where none is given, and the sheets that they name."""
    schemas = {name: schema_errors.read_schema(path) for name, path in SCHEMAS.items()}
    check_settings.check_settings(config, ORIGINS, schemas["config"])
    if "queries" not in config and not os.path.exists("config/queries.tsv"):
        # nothing to predict
        config["queries"] = None
    validate(config, SCHEMAS["config"])
    return check_run.check_run(config, ORIGINS, schemas, elsewhere)


with faults_end_the_run():
    RUN = checked_run()
if workflow.is_main_process:
    ORIGINS.tell_added_models()
RESULTS, DATASETS, QUERIES = RUN.results, RUN.datasets, RUN.queries

# a searched model is trained beside the one whose settings it starts from
SEARCHED = {f"{name}_search": name for name in config["search"]["models"]}
NETWORKS = [*config["models"], *SEARCHED]


def sorted_json(value):
    """The same text for the same settings, in whatever order they were written."""
    return json.dumps(value, sort_keys=True)


# once a model, not once a training
SETTINGS = {name: sorted_json(value) for name, value in config["models"].items()}


def model_settings(wildcards):
    """Settings of one model as sorted JSON: editing one model retrains only that one.

    A searched model has those that it starts from.
    """
    return SETTINGS[SEARCHED.get(wildcards.model, wildcards.model)]


def dataset_options(wildcards):
    """Options of a dataset; {} where it has the defaults."""
    return config["dataset_options"].get(wildcards.dataset, {})


def files_of(dataset):
    """Every file that a dataset is made from: FASTA, labels, intervals, a genome for negatives."""
    files = []
    for row in DATASETS[dataset]:
        others = [row[key] for key in ("labels", "intervals") if key in row]
        for fasta in row["files"]:
            files += [fasta, *others]
    negatives = config["dataset_options"].get(dataset, {}).get("negatives", {})
    if negatives.get("genome"):
        files.append(negatives["genome"])
    return list(dict.fromkeys(files))


def all_results():
    """What a plain run makes: reports, final models, predictions and matrices of transfers."""
    return [
        *expand(f"{RESULTS}/{{dataset}}/report/report.html", dataset=DATASETS),
        *expand(f"{RESULTS}/{{dataset}}/final/model.safetensors", dataset=DATASETS),
        *(
            f"{RESULTS}/{dataset}/predictions/{query}.parquet"
            for dataset, queries in QUERIES.items()
            for query in queries
        ),
        *expand(
            f"{RESULTS}/transfer/{{transfer}}/matrix.tsv", transfer=config["transfer"]
        ),
    ]


def refuse_prefix(paths):
    """A module's prefix moves what rules read and write, but not the paths that commands are told."""
    for path in paths:
        moved = workflow.modifier.path_modifier.replace_prefix(path, None)
        if not elsewhere(path) and moved != path:
            stop(
                f"{ORIGINS.at()}: 'prefix' of the module makes '{moved}' of '{path}' in the rules, "
                "but not in their commands; set results: instead of prefix, like 'results: "
                "sub/results'"
            )


refuse_prefix([f"{RESULTS}/sequences.parquet"])
refuse_prefix([path for dataset in DATASETS for path in files_of(dataset)])
refuse_prefix([path for queries in QUERIES.values() for path in queries.values()])
