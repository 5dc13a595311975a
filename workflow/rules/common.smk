# Definitions shared by several stages: versions, checked settings, names in paths.
import json
import os

# Increase a stage's number when its results change for the same input: they are then made again.
STAGE_VERSIONS = {
    "sequences": 5,
    "audit": 4,
    "folds": 4,
    "search": 4,
    "training": 10,
    "baselines": 8,
    "evaluation": 6,
    "final": 2,
    "learning_curve": 4,
    "diagnosis": 2,
    "explanation": 3,
    "transfer": 1,
    "prediction": 8,
    "report": 13,
}
NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]*"
SCHEMAS = {
    name: workflow.source_path(f"../schemas/{name}.schema.json")
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
    number=r"\d+",
    fraction=r"[\d.e-]+",


def checked_run():
    """Check all settings, filled up with defaults, and the sheets that they name."""
    schemas = {name: schema_errors.read_schema(path) for name, path in SCHEMAS.items()}
    check_settings.check_settings(config, ORIGINS, schemas["config"])
    if "queries" not in config and not os.path.exists("config/queries.tsv"):
        config["queries"] = None  # nothing to predict
    validate(config, SCHEMAS["config"])
    return check_run.check_run(config, ORIGINS, schemas, elsewhere)


with faults_end_the_run():
    RUN = checked_run()
if workflow.is_main_process:
    ORIGINS.tell_added_models()
RESULTS, DATASETS, QUERIES = RUN.results, RUN.datasets, RUN.queries

# a searched model is trained in addition to the model whose settings the search starts from
SEARCHED = {f"{name}_search": name for name in config["search"]["models"]}
NETWORKS = [*config["models"], *SEARCHED]


def sorted_json(value):
    """JSON of settings that does not depend on the order in which they were written."""
    return json.dumps(value, sort_keys=True)


# computed once per model, not once per training
SETTINGS = {name: sorted_json(value) for name, value in config["models"].items()}


def model_settings(wildcards):
    """Settings of one model as sorted JSON: editing one model retrains only that one.

    A searched model has the settings that its search starts from.
    """
    return SETTINGS[SEARCHED.get(wildcards.model, wildcards.model)]


def dataset_options(wildcards):
    """Options of a dataset; {} if it has the defaults."""
    return config["dataset_options"].get(wildcards.dataset, {})


def files_of(dataset):
    """All files that a dataset is made from: FASTA, labels, intervals, a genome for negatives."""
    files = []
    for row in DATASETS[dataset]:
        others = [row[key] for key in ("labels", "intervals") if key in row]
        for fasta in row["files"]:
            files += [fasta, *others]
    negatives = config["dataset_options"].get(dataset, {}).get("negatives", {})
    files += [negatives["genome"]] if negatives.get("genome") else []
    return list(dict.fromkeys(files))


def all_results():
    """Targets of a default run, of all datasets, queries and transfers."""
    return [
        *expand(f"{RESULTS}/{{dataset}}/report/report.html", dataset=DATASETS),
        *expand(f"{RESULTS}/{{dataset}}/final/model.safetensors", dataset=DATASETS),
        *explanation_results(),
        *(
            f"{RESULTS}/{dataset}/predictions/{query}.parquet"
            for dataset, queries in QUERIES.items()
            for query in queries
        ),
        *expand(f"{RESULTS}/{{dataset}}/report/predictions.html", dataset=QUERIES),
        *(f"{RESULTS}/transfer/{name}/matrix.tsv" for name in config["transfer"]),
    ]


def refuse_prefix(paths):
    """Stop if a module's prefix changes paths in rules: paths in their commands do not change."""
    for path in paths:
        moved = workflow.modifier.path_modifier.replace_prefix(path, None)
        if not elsewhere(path) and moved != path:
            stop(
                f"{ORIGINS.at()}: 'prefix' of the module changes '{path}' to '{moved}' in the rules, "
                "but not in their commands; set results: instead of prefix, like 'results: "
                "sub/results'"
            )


refuse_prefix([f"{RESULTS}/sequences.parquet"])
refuse_prefix([path for dataset in DATASETS for path in files_of(dataset)])
refuse_prefix([path for queries in QUERIES.values() for path in queries.values()])
