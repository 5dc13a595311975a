# Predictions of the learning curve.
LEARNING_CURVE = config["evaluation"]["learning_curve"]


def learning_curve_predictions(wildcards):
    """Predictions of every model and fraction of the learning curve, including all records."""
    dataset = wildcards.dataset
    names = scored.for_dataset(LEARNING_CURVE["models"], config, dataset)
    kinds = {name: "models" if name in NETWORKS else "baselines" for name in names}
    shares = [
        f"{RESULTS}/{dataset}/learning_curve/{kind}/{name}/fraction-{fraction}"
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
