# Where the studies of a search are, and what they end with.
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
    """The selection, which says whether the final model is a searched one; a fold has none."""
    if wildcards.part != "final":
        return []
    return f"{RESULTS}/{wildcards.dataset}/evaluation/selected.json"


def search_part(wildcards, input):
    """Words of the command line that name the records of a search."""
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
    """Settings that the search of a fold has chosen; none for a model that is not searched."""
    if wildcards.model not in SEARCHED:
        return []
    part = f"fold-{wildcards.fold}"
    return [
        f"{search_folder(wildcards.dataset, wildcards.model, part)}/chosen.json",
    ]


def final_settings(wildcards):
    """Settings that the searches on all records have chosen."""
    return [
        f"{search_folder(wildcards.dataset, model, 'final')}/chosen.json"
        for model in SEARCHED
    ]


def chosen_words(wildcards, input):
    """The results of searches as words of the command line; on random folds there are none."""
    return " ".join(f"--chosen {shlex.quote(path)}" for path in input.get("chosen", []))
