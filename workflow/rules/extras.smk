# The functions behind what not every run does: search, and the learning curve by size.
import shlex


def search_folder(dataset, model, part):
    return f"{RESULTS}/{dataset}/search/{model}/{part}"


def search_settings():
    """Settings of the search as sorted JSON, but for the models."""
    settings = {k: v for k, v in config["search"].items() if k != "models"}
    settings["space"] = {k: v for k, v in settings["space"].items() if v is not None}
    return sorted_json(settings)


def search_journal(wildcards):
    """Journal that all workers of a study share."""
    folder = search_folder(wildcards.dataset, wildcards.model, wildcards.part)
    return f"{folder}/study.journal"


def search_selection(wildcards):
    """What says whether the final model is a searched one; of a fold nothing."""
    if wildcards.part != "final":
        return []
    return f"{RESULTS}/{wildcards.dataset}/evaluation/selected.json"


def search_part(wildcards, input):
    """Words of the command line that say on which records is searched."""
    if wildcards.part == "final":
        return f"--selected {shlex.quote(input.selected)}"
    return f"--fold {wildcards.part.removeprefix('fold-')}"


def search_workers(wildcards):
    folder = search_folder(wildcards.dataset, wildcards.model, wildcards.part)
    return [f"{folder}/worker-{k}.tsv" for k in range(config["search"]["workers"])]


def search_tables(wildcards, input):
    """The workers' tables as words of the command line."""
    return " ".join(f"--choose {shlex.quote(path)}" for path in input.workers)


def chosen_settings(wildcards):
    """What the search of a fold ended with; nothing for a model that is not searched."""
    if wildcards.model not in SEARCHED:
        return []
    part = f"fold-{wildcards.fold}"
    return [
        f"{search_folder(wildcards.dataset, wildcards.model, part)}/chosen.json",
    ]


def final_settings(wildcards):
    """What the searches on all records ended with."""
    return [
        f"{search_folder(wildcards.dataset, model, 'final')}/chosen.json"
        for model in SEARCHED
    ]


def chosen_words(wildcards, input):
    """The results of searches as words of the command line; on random folds there are none."""
    return " ".join(f"--chosen {shlex.quote(path)}" for path in input.get("chosen", []))


def search_trials(wildcards):
    """All trials of a dataset, for the report."""
    parts = [f"fold-{fold}" for fold in folds_of(wildcards.dataset)] + ["final"]
    return [
        f"{search_folder(wildcards.dataset, model, part)}/trials.tsv"
        for model in SEARCHED
        for part in parts
    ]


def size_predictions(wildcards):
    """Predictions of every model and fraction of the learning curve, all records among them."""
    dataset, names = wildcards.dataset, LEARNING_CURVE["models"]
    kinds = {name: "models" if name in NETWORKS else "baselines" for name in names}
    shares = [
        f"{RESULTS}/{dataset}/sizes/{kind}/{name}/fraction-{fraction}"
        for name, kind in kinds.items()
        for fraction in LEARNING_CURVE["fractions"]
    ]
    runs = {"models": f"seed-{config['seeds'][0]}/predictions.parquet"}
    folds = folds_of(dataset)
    return [
        f"{folder}/fold-{fold}/predictions.parquet"
        for folder in shares
        for fold in folds
    ] + [
        f"{RESULTS}/{dataset}/{kind}/{name}/fold-{fold}/{runs.get(kind, 'predictions.parquet')}"
        for name, kind in kinds.items()
        for fold in folds
    ]


def report_sizes(wildcards):
    if not LEARNING_CURVE["models"]:
        return []
    return f"{RESULTS}/{wildcards.dataset}/evaluation/sizes.tsv"


def report_extras(wildcards, input):
    """Words of the command line for the sections that not every run has."""
    words = [f"--search {shlex.quote(path)}" for path in input.search]
    if input.sizes:
        words.append(f"--sizes {shlex.quote(input.sizes)}")
    return " ".join(words)
