# Fold networks of one dataset on the records of another that has the same positives.
import shlex


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


rule transfer_models:
    input:
        sequences=transfer_sequences,
        folds=transfer_folds,
        models=transfer_networks,
    output:
        matrix=f"{RESULTS}/transfer/{{transfer}}/matrix.tsv",
        figure=f"{RESULTS}/transfer/{{transfer}}/heatmap.svg",
    log:
        f"{RESULTS}/transfer/{{transfer}}/logs/transfer_models.log",
    benchmark:
        f"{RESULTS}/transfer/{{transfer}}/benchmarks/transfer_models.tsv"
    conda:
        "../envs/bioseqrnn.yaml"
    threads: config["threads"]
    resources:
        **gpus(),
        mem_mb=4000,
        runtime=120,
    params:
        folder=subpath(output.matrix, parent=True),
        tables=transfer_tables,
        bootstrap=config["evaluation"]["bootstrap"],
        confidence=config["evaluation"]["confidence"],
        seed=config["evaluation"]["seed"],
        device=config["device"],
        threads=config["threads"],
        version=STAGE_VERSIONS["transfer"],
    shell:
        "bioseqrnn transfer {input.models:q} {params.tables}"
        " --bootstrap {params.bootstrap} --confidence {params.confidence} --seed {params.seed}"
        " --device {params.device} --threads {params.threads}"
        " --output {params.folder:q} > {log:q} 2>&1"
