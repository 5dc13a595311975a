# Predictions that are scored.
def network_predictions(wildcards):
    return network_files(wildcards, "predictions.parquet")


def network_companions(wildcards):
    """Files that evaluation reads in addition to the predictions, if they must be fetched.

    On a disk it is enough to name the predictions: a training writes all of its files or none, and
    each additional input costs time in a large DAG.
    """
    if not elsewhere(RESULTS):
        return []
    names = ("model.safetensors", "history.tsv")
    return [path for name in names for path in network_files(wildcards, name)]


def scored_at_random(dataset):
    """Baselines and models that are also scored on random folds."""
    return scored.compared_at_random(config, dataset, DATASETS[dataset])


def compared_predictions(wildcards, folder=""):
    """Predictions of these baselines and models, in the folder of one kind of folds."""
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
    """The paths of the predictions on random folds, as arguments of the command line."""
    return [
        word
        for path in random_predictions(wildcards)
        for word in ("--random-predictions", path)
    ]


def combine_words(wildcards):
    """The methods that are combined, as arguments of the command line; none for the default."""
    if config["combine"] is None:
        return []
    names = scored.for_dataset(config["combine"], config, wildcards.dataset) or ["none"]
    return [word for name in names for word in ("--combine", name)]
