# Folds of a dataset, and their settings.
def has_split(dataset):
    """Whether the sheet defines training and test records."""
    return scored.has_split(DATASETS[dataset])


def folds_of(dataset):
    """Folds of a dataset: only one if its sheet gives the split."""
    folds = config["folds"]
    return range(1 if has_split(dataset) else folds["count"] * folds["repeats"])


def fold_settings(wildcards):
    """Settings of the folds as sorted JSON, without those that have no effect."""
    left_out = {"compare_random"}
    left_out |= (
        {"count", "repeats"} if has_split(wildcards.dataset) else {"exclude_leaking"}
    )
    return sorted_json({k: v for k, v in config["folds"].items() if k not in left_out})


def random_fold_settings(wildcards):
    """Settings of random folds as sorted JSON."""
    names = ("count", "repeats", "validation_fraction", "seed")
    settings = {name: config["folds"][name] for name in names}
    return sorted_json({"grouping": "none", **settings})


def audit_stops():
    """Limits of the audit that stop a run, as sorted JSON.

    A change of any other limit must not repeat the assignment of folds, and so the training.
    """
    stops = {
        name: check if check["action"] == "stop" else {"action": "ignore"}
        for name, check in config["audit"].items()
        if isinstance(check, dict)
    }
    return sorted_json(stops)
