# Files of the datasets of a transfer.
import shlex


def transfer_files(wildcards, name):
    """The file of this name of every dataset of a transfer."""
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
    """Arguments of the command line for the datasets of a transfer, each with its tables."""
    words = []
    for dataset in config["transfer"][wildcards.transfer]:
        words += ["--dataset", dataset]
        for name in ("sequences", "folds"):
            words += [f"--{name}", f"{RESULTS}/{dataset}/{name}.parquet"]
    return shlex.join(words)
