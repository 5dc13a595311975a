# Files and results of the studies of a search.
import shlex


def search_folder(dataset, model, part):
    return f"{RESULTS}/{dataset}/search/{model}/{part}"


def search_settings():
    """Settings of the search as sorted JSON, without the models."""
    settings = {k: v for k, v in config["search"].items() if k != "models"}
    settings["space"] = {k: v for k, v in settings["space"].items() if v is not None}
    return sorted_json(settings)


def search_journal(wildcards):
    """Path of the journal, which all workers of a study share."""
    folder = search_folder(wildcards.dataset, wildcards.model, wildcards.part)
    return f"{folder}/study.journal"


def search_selection(wildcards):
    """Path of the selection, which says if the final model is a searched one; none for a fold."""
    if wildcards.part != "final":
        return []
    return f"{RESULTS}/{wildcards.dataset}/evaluation/selected.json"


def search_part(wildcards, input):
    """Arguments of the command line that name the records of a search."""
    if wildcards.part == "final":
        return f"--selected {shlex.quote(input.selected)}"
    return f"--fold {wildcards.part.removeprefix('fold-')}"


def search_workers(wildcards):
    folder = search_folder(wildcards.dataset, wildcards.model, wildcards.part)
    return [f"{folder}/worker-{k}.tsv" for k in range(config["search"]["workers"])]


def search_tables(wildcards, input):
    """The workers' tables as arguments of the command line."""
    return " ".join(f"--choose {shlex.quote(path)}" for path in input.workers)


def chosen_settings(wildcards):
    """File of the settings chosen by the search of a fold; none if the model is not searched."""
    if wildcards.model not in SEARCHED:
        return []
    part = f"fold-{wildcards.fold}"
    return [
        f"{search_folder(wildcards.dataset, wildcards.model, part)}/chosen.json",
    ]


def final_settings(wildcards):
    """Files of the settings chosen by the searches on all records."""
    return [
        f"{search_folder(wildcards.dataset, model, 'final')}/chosen.json"
        for model in SEARCHED
    ]


def chosen_words(wildcards, input):
    """The results of searches as arguments of the command line; none on random folds."""
    return " ".join(f"--chosen {shlex.quote(path)}" for path in input.get("chosen", []))
