# Scores of networks and baselines, and what random folds would have claimed.
def network_predictions(wildcards):
    return network_files(wildcards, "predictions.parquet")


def network_companions(wildcards):
    """What evaluation reads beside the predictions, where that must be fetched.

    On a disk the predictions stand for it: a training makes all or nothing, and each input more
    costs time in a large DAG.
    """
    if not elsewhere(RESULTS):
        return []
    names = ("model.safetensors", "history.tsv")
    return [path for name in names for path in network_files(wildcards, name)]


def scored_at_random(dataset):
    """Baselines and models that are scored on random folds too."""
    return scored.compared_at_random(config, dataset, DATASETS[dataset])


def compared_predictions(wildcards, folder=""):
    """Predictions of what is scored on random folds too, in the folder of one kind of folds."""
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
    """The same as words of the command."""
    return [
        word
        for path in random_predictions(wildcards)
        for word in ("--random-predictions", path)
    ]


rule evaluate_models:
    input:
        sequences=SEQUENCES,
        folds=rules.assign_folds.output.folds,
        networks=network_predictions,
        beside=network_companions,
        baselines=baseline_predictions,
    output:
        runs=f"{RESULTS}/{{dataset}}/evaluation/runs.tsv",
        summary=f"{RESULTS}/{{dataset}}/evaluation/summary.tsv",
        comparisons=f"{RESULTS}/{{dataset}}/evaluation/comparisons.tsv",
        calibration=f"{RESULTS}/{{dataset}}/evaluation/calibration.tsv",
        confusion=f"{RESULTS}/{{dataset}}/evaluation/confusion.tsv",
        classes=f"{RESULTS}/{{dataset}}/evaluation/classes.tsv",
        temperatures=f"{RESULTS}/{{dataset}}/evaluation/temperatures.tsv",
        thresholds=f"{RESULTS}/{{dataset}}/evaluation/thresholds.tsv",
        strata=f"{RESULTS}/{{dataset}}/evaluation/strata.tsv",
        learning_curves=f"{RESULTS}/{{dataset}}/evaluation/learning_curves.tsv",
        curves=f"{RESULTS}/{{dataset}}/evaluation/curves.parquet",
        selected=f"{RESULTS}/{{dataset}}/evaluation/selected.json",
    log:
        f"{RESULTS}/{{dataset}}/logs/evaluate_models.log",
    priority: 2
    conda:
        "../envs/bioseqrnn.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        folder=subpath(output.selected, parent=True),
        bootstrap=config["evaluation"]["bootstrap"],
        confidence=config["evaluation"]["confidence"],
        seed=config["evaluation"]["seed"],
        aim=config["evaluation"]["threshold"]["aim"],
        precision=config["evaluation"]["threshold"]["precision"],
        version=STAGE_VERSIONS["evaluation"],
    shell:
        "bioseqrnn evaluate {input.networks:q} {input.baselines:q} --folds {input.folds:q}"
        " --sequences {input.sequences:q} --threshold-aim {params.aim} --threshold-precision {params.precision}"
        " --bootstrap {params.bootstrap} --confidence {params.confidence} --seed {params.seed}"
        " --output {params.folder:q} > {log:q} 2>&1"


rule compare_random_folds:
    input:
        folds=rules.assign_folds.output.folds,
        predictions=compared_predictions,
        random_folds=rules.assign_random_folds.output,
        random_predictions=random_predictions,
    output:
        f"{RESULTS}/{{dataset}}/evaluation/random_folds.tsv",
    log:
        f"{RESULTS}/{{dataset}}/logs/compare_random_folds.log",
    conda:
        "../envs/bioseqrnn.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        random=random_words,
        version=STAGE_VERSIONS["evaluation"],
    shell:
        "bioseqrnn compare-random {input.predictions:q} --folds {input.folds:q}"
        " {params.random:q} --random-folds {input.random_folds:q}"
        " --output {output:q} > {log:q} 2>&1"
