# Baselines of a dataset.
def baselines_of(dataset):
    """Baselines that are applicable to the task of a dataset."""
    return scored.for_dataset(config["baselines"], config, dataset)


def baseline_predictions(wildcards):
    """Predictions of all baselines and folds of a dataset."""
    return expand(
        f"{RESULTS}/{wildcards.dataset}/baselines/{{baseline}}/fold-{{fold}}/predictions.parquet",
        baseline=baselines_of(wildcards.dataset),
        fold=folds_of(wildcards.dataset),
    )
