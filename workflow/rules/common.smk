# Names that several rules share, and the functions behind their inputs and params.
import os
import re
import shlex

# Raise a stage's number when its results change for the same input: what it made is made again.
STAGE_VERSIONS = {
    "sequences": 3,
    "audit": 2,
    "folds": 3,
    "search": 2,
    "training": 7,
    "baselines": 5,
    "evaluation": 4,
    "sizes": 2,
    "diagnosis": 1,
    "transfer": 1,
    "prediction": 5,
    "report": 7,
}
# what bioseqrnn.stages.report.run writes
REPORT_TABLES = (
    "summary",
    "runs",
    "comparisons",
    "classes",
    "confusion",
    "calibration",
    "temperatures",
    "thresholds",
    "strata",
    "learning_curves",
    "curves",
    "gradients",
    "checks",
    "audit",
    "folds",
    "leaks",
    "provenance",
)
# baselines that score whole records, and so not tasks with a label for every residue
WHOLE_RECORDS = ("gapped_kmer", "pwm")
NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]*"

check_settings()
if "queries" not in config and not os.path.exists("config/queries.tsv"):
    # nothing to predict
    config["queries"] = None
validate(config, workflow.source_path("../schemas/config.schema.yaml"))

RESULTS = results_folder(config["results"])
refuse_prefix([f"{RESULTS}/sequences.parquet"])
DATASETS = read_datasets(config["datasets"], config["dataset_options"])
QUERIES = read_queries(config["queries"], DATASETS)
check_config(config, DATASETS)
tell_added_models()

# a searched model is one more, beside the one whose settings it starts from
SEARCHED = {f"{name}_search": name for name in config["search"]["models"]}
NETWORKS = [*config["models"], *SEARCHED]
LEARNING_CURVE = config["evaluation"]["learning_curve"]
if SEARCHED:
    REPORT_TABLES += ("search",)
if LEARNING_CURVE["models"]:
    REPORT_TABLES += ("sizes",)


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


def sorted_json(value):
    """The same text for the same settings, in whatever order they were written."""
    return json.dumps(value, sort_keys=True)


def dataset_options(wildcards):
    """Options of a dataset; none for one that is not named, which has the defaults."""
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


refuse_prefix(
    [path for dataset in DATASETS for path in files_of(dataset)]
    + [path for queries in QUERIES.values() for path in queries.values()]
)


def dataset_files(wildcards):
    """Files of a dataset, as inputs."""
    return [as_input(path) for path in files_of(wildcards.dataset)]


def dataset_checksums(wildcards):
    """What a dataset is made of: every row of the sheet, and the sums of all files.

    One sum over those of many files, so that a job's parameters stay short.
    """
    sums = [checksum(path) for path in files_of(wildcards.dataset)]
    rows = [
        {key: value for key, value in row.items() if key != "files"}
        for row in DATASETS[wildcards.dataset]
    ]
    return sorted_json({"rows": rows, "files": combined(sums)})


def encode_options(wildcards):
    """Dataset options as sorted JSON."""
    return sorted_json(dataset_options(wildcards))


def has_split(dataset):
    """Whether the sheet says which records train and test."""
    return any("split" in row for row in DATASETS[dataset])


def folds_of(dataset):
    """Folds of a dataset: one where its sheet gives the split."""
    folds = config["folds"]
    return range(1 if has_split(dataset) else folds["count"] * folds["repeats"])


def fold_options(wildcards):
    """Options of split; where the split is given, what only dealing needs plays no part."""
    folds = config["folds"]
    given = has_split(wildcards.dataset)
    names = ["grouping", "identity_dna", "identity_protein", "coverage"]
    names += ["validation_fraction", "seed"] + ["repeats"] * (not given)
    words = [f"--{name.replace('_', '-')} {folds[name]}" for name in names]
    words += [f"--folds {2 if given else folds['count']}"]
    words += ["--no-length-correction"] * (not folds["length_correction"])
    words += ["--exclude-leaking"] * (given and folds["exclude_leaking"])
    return " ".join(words)


def random_fold_options(wildcards):
    """Options of split for random folds."""
    folds = config["folds"]
    words = [f"--grouping none --folds {folds['count']}"]
    for name in ("repeats", "validation_fraction", "seed"):
        words.append(f"--{name.replace('_', '-')} {folds[name]}")
    return " ".join(words)


def scored_at_random(dataset):
    """Baselines and models that are scored on random folds too."""
    if has_split(dataset) or config["folds"]["grouping"] == "none":
        return []
    names = config["folds"]["compare_random"]
    if names is None:
        return [name for name in config["baselines"] if name == "kmer_logistic"]
    return names


def audit_limits():
    """Limits and actions of the audit as sorted JSON."""
    return sorted_json(config["audit"])


def audit_stops():
    """The same of what stops only: no other limit deals the folds, and so trains, again."""
    stops = {
        name: check if check["action"] == "stop" else {"action": "ignore"}
        for name, check in config["audit"].items()
        if isinstance(check, dict)
    }
    return sorted_json(stops)


# once a model, not once a training
SETTINGS = {name: sorted_json(value) for name, value in config["models"].items()}


def model_settings(wildcards):
    """Settings of one model as sorted JSON: editing one model retrains only that one.

    Of a searched model those that it starts from.
    """
    return SETTINGS[SEARCHED.get(wildcards.model, wildcards.model)]


def training_threads():
    """CPU threads of a task that trains: one for all devices of a node, or with srun one each."""
    return config["threads"] * (config["devices"] if config["nodes"] == 1 else 1)


def several_nodes():
    """Resources of a training on more than one node, as Snakemake's SLURM executor reads them."""
    if config["nodes"] == 1:
        return {}
    tasks = {"tasks": config["nodes"] * config["devices"]}
    return tasks | {"nodes": config["nodes"], "mpi": "srun"}


def launcher():
    """What starts the processes of several nodes; those of one node start each other."""
    if config["nodes"] == 1:
        return ""
    return f"srun --nodes={config['nodes']} --ntasks-per-node={config['devices']}"


def datasets_by_position():
    """Datasets whose labels stand at every residue."""
    tasks = {
        name: options.get("task") for name, options in config["dataset_options"].items()
    }
    return [name for name in DATASETS if tasks.get(name) == "per_position"]


def datasets_by_record():
    """All others."""
    return [name for name in DATASETS if name not in datasets_by_position()]


def one_of(names):
    """Pattern of a wildcard that is one of some names; of none, one that nothing matches."""
    return "|".join(re.escape(name) for name in names) or "(?!)"


def query_file(wildcards):
    return as_input(QUERIES[wildcards.dataset][wildcards.query])


def query_checksum(wildcards):
    return checksum(QUERIES[wildcards.dataset][wildcards.query])


def report_settings(wildcards):
    """Settings that shape the results of a dataset, for the report's provenance."""
    keys = (
        "audit",
        "folds",
        "models",
        "baselines",
        "seeds",
        "evaluation",
        "search",
        "threads",
    )
    settings = {key: config[key] for key in keys}
    settings["dataset_options"] = dataset_options(wildcards)
    if has_split(wildcards.dataset):
        settings["folds"] = {k: v for k, v in config["folds"].items() if k != "count"}
    return sorted_json(settings)


def network_files(wildcards, name):
    """One output of train_model for all models, folds and seeds of a dataset."""
    return expand(
        f"{RESULTS}/{wildcards.dataset}/models/{{model}}/fold-{{fold}}/seed-{{seed}}/{name}",
        model=NETWORKS,
        fold=folds_of(wildcards.dataset),
        seed=config["seeds"],
    )


def network_predictions(wildcards):
    return network_files(wildcards, "predictions.parquet")


def network_companions(wildcards):
    """What evaluation reads beside the predictions, where that must be fetched.

    On a disk the predictions stand for it: a training makes all or nothing, and each input more
    costs time in a large DAG.
    """
    if not elsewhere(RESULTS):
        return []
    names = ("model.safetensors", "history.tsv")
    return [path for name in names for path in network_files(wildcards, name)]


def first_models(wildcards):
    """One trained network a model: the first fold and seed."""
    return expand(
        f"{RESULTS}/{wildcards.dataset}/models/{{model}}/fold-0/seed-{{seed}}/model.safetensors",
        model=NETWORKS,
        seed=config["seeds"][0],
    )


def baselines_of(dataset):
    """Baselines that make sense for the task of a dataset."""
    task = config["dataset_options"].get(dataset, {}).get("task", "classification")
    left_out = WHOLE_RECORDS if task == "per_position" else ()
    return [name for name in config["baselines"] if name not in left_out]


def baseline_predictions(wildcards):
    """Predictions of all baselines and folds of a dataset."""
    return expand(
        f"{RESULTS}/{wildcards.dataset}/baselines/{{baseline}}/fold-{{fold}}/predictions.parquet",
        baseline=baselines_of(wildcards.dataset),
        fold=folds_of(wildcards.dataset),
    )


def compared_predictions(wildcards, folder=""):
    """Predictions of what is scored on random folds too, in the folder of one kind of folds."""
    names = scored_at_random(wildcards.dataset)
    results = f"{RESULTS}/{wildcards.dataset}/{folder}"
    baselines = expand(
        f"{results}baselines/{{baseline}}/fold-{{fold}}/predictions.parquet",
        baseline=[name for name in baselines_of(wildcards.dataset) if name in names],
        fold=folds_of(wildcards.dataset),
    )
    return baselines + expand(
        f"{results}models/{{model}}/fold-{{fold}}/seed-{{seed}}/predictions.parquet",
        model=[name for name in names if name in config["models"]],
        fold=folds_of(wildcards.dataset),
        seed=config["seeds"],
    )


def random_predictions(wildcards):
    return compared_predictions(wildcards, "random/")


def random_words(wildcards):
    """The same as words of the command."""
    return [
        word
        for path in random_predictions(wildcards)
        for word in ("--random-predictions", path)
    ]


def optional_tables(wildcards):
    """Tables of the report that only some runs have."""
    names = ["random_folds"] if scored_at_random(wildcards.dataset) else []
    return [f"{RESULTS}/{wildcards.dataset}/evaluation/{name}.tsv" for name in names]


def optional_words(wildcards):
    """The same as words of the command."""
    return [word for path in optional_tables(wildcards) for word in ("--table", path)]


def transfer_files(wildcards, name):
    """A file of every dataset of a transfer."""
    datasets = config["transfer"][wildcards.transfer]
    return expand(f"{RESULTS}/{{dataset}}/{name}", dataset=datasets)


def transfer_sequences(wildcards):
    return transfer_files(wildcards, "sequences.parquet")


def transfer_folds(wildcards):
    return transfer_files(wildcards, "folds.parquet")


def transfer_networks(wildcards):
    """Networks of all models, folds and seeds of every dataset of a transfer."""
    return [
        path
        for dataset in config["transfer"][wildcards.transfer]
        for path in expand(
            f"{RESULTS}/{dataset}/models/{{model}}/fold-{{fold}}/seed-{{seed}}/model.safetensors",
            model=config["models"],
            fold=folds_of(dataset),
            seed=config["seeds"],
        )
    ]


def transfer_tables(wildcards):
    """Datasets of a transfer as the command line wants them, each with its tables."""
    words = []
    for dataset in config["transfer"][wildcards.transfer]:
        words += ["--dataset", dataset]
        for name in ("sequences", "folds"):
            words += [f"--{name}", f"{RESULTS}/{dataset}/{name}.parquet"]
    return shlex.join(words)


def all_results():
    """What a plain run makes: a report a dataset, a prediction table a query."""
    reports = expand(f"{RESULTS}/{{dataset}}/report/report.html", dataset=DATASETS)
    tables = [
        f"{RESULTS}/{dataset}/predictions/{query}.parquet"
        for dataset, queries in QUERIES.items()
        for query in queries
    ]
    finals = expand(f"{RESULTS}/{{dataset}}/final/model.safetensors", dataset=DATASETS)
    matrices = expand(
        f"{RESULTS}/transfer/{{transfer}}/matrix.tsv", transfer=config["transfer"]
    )
    return reports + finals + tables + matrices
