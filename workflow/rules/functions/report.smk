# Inputs and settings of a report.
import shlex

# tables that only a run with a search or a learning curve has
SOMETIMES = {"search": SEARCHED, "learning_curve": LEARNING_CURVE["models"]}
REPORT_TABLES = [
    table.name for table in declared.REPORTED if SOMETIMES.get(table.name, True)
]


def report_settings(wildcards):
    """Settings that influence the results of a dataset, for the provenance in the report."""
    keys = (
        "audit",
        "folds",
        "models",
        "baselines",
        "seeds",
        "evaluation",
        "combine",
        "final",
        "search",
        "threads",
        "explanation",
    )
    settings = {key: config[key] for key in keys}
    settings["dataset_options"] = dataset_options(wildcards)
    if has_split(wildcards.dataset):
        settings["folds"] = {k: v for k, v in config["folds"].items() if k != "count"}
    return sorted_json(settings)


def optional_tables(wildcards):
    """The table of the comparison with random folds, if there is one."""
    names = ["random_folds"] if scored_at_random(wildcards.dataset) else []
    return [f"{RESULTS}/{wildcards.dataset}/evaluation/{name}.tsv" for name in names]


def optional_words(wildcards):
    """These tables as arguments of the command line."""
    return [word for path in optional_tables(wildcards) for word in ("--table", path)]


def search_trials(wildcards):
    """Tables of all trials of the searches of a dataset, for the report."""
    parts = [f"fold-{fold}" for fold in folds_of(wildcards.dataset)] + ["final"]
    return [
        f"{search_folder(wildcards.dataset, model, part)}/trials.tsv"
        for model in SEARCHED
        for part in parts
    ]


def report_learning_curve(wildcards):
    if not LEARNING_CURVE["models"]:
        return []
    return f"{RESULTS}/{wildcards.dataset}/evaluation/learning_curve.tsv"


def report_motifs(wildcards):
    """Tables of motifs; motifs.tsv is the first."""
    if wildcards.dataset not in explained_datasets():
        return []
    folder = f"{RESULTS}/{wildcards.dataset}"
    return [f"{folder}/{table.path}" for table in declared.explanation.SHOWN_MOTIFS]


def report_checked(wildcards):
    """Tables of tests of motifs; motif_tests.tsv is the first."""
    if wildcards.dataset not in explained_datasets():
        return []
    folder = f"{RESULTS}/{wildcards.dataset}"
    return [f"{folder}/{table.path}" for table in declared.explanation.CHECKED_TABLES]


def listed_results(wildcards):
    """Results that the report reads only for their checksums.

    On a disk, those suffice that nothing else waits for: all others are made before them.
    """
    folder = f"{RESULTS}/{wildcards.dataset}"
    files = [f"{folder}/final/model.safetensors"]
    if (
        wildcards.dataset in explained_datasets()
        and len(genomes(wildcards.dataset)) == 1
    ):
        files.append(f"{folder}/{declared.explanation.TRACKS}")
    if not elsewhere(RESULTS):
        return files
    return [
        *files,
        *network_predictions(wildcards),
        *network_companions(wildcards),
        *baseline_predictions(wildcards),
    ]


def report_extras(wildcards, input):
    """Arguments of the command line for the sections that not every run has."""
    words = [f"--search {shlex.quote(path)}" for path in input.search]
    if input.learning_curve:
        words.append(f"--learning-curve {shlex.quote(input.learning_curve)}")
    if input.motifs:
        words.append(f"--motifs {shlex.quote(input.motifs[0])}")
    if input.checked:
        words.append(f"--motif-tests {shlex.quote(input.checked[0])}")
    return " ".join(words)


def dataset_predictions(wildcards):
    """Predictions of all queries of a dataset."""
    folder = f"{RESULTS}/{wildcards.dataset}/predictions"
    return [f"{folder}/{query}.parquet" for query in QUERIES[wildcards.dataset]]
