# Networks of every model, fold and seed.


include: "functions/training.smk"


rule train_model:
    input:
        sequences=SEQUENCES,
        folds=rules.assign_folds.output.folds,
        chosen=chosen_settings if SEARCHED else [],
    output:
        model=f"{RESULTS}/{{dataset}}/models/{{model}}/fold-{{fold}}/seed-{{seed}}/model.safetensors",
        history=f"{RESULTS}/{{dataset}}/models/{{model}}/fold-{{fold}}/seed-{{seed}}/history.tsv",
        predictions=f"{RESULTS}/{{dataset}}/models/{{model}}/fold-{{fold}}/seed-{{seed}}/predictions.parquet",
    log:
        f"{RESULTS}/{{dataset}}/logs/train_model/{{model}}.fold-{{fold}}.seed-{{seed}}.log",
    benchmark:
        f"{RESULTS}/{{dataset}}/benchmarks/train_model/{{model}}.fold-{{fold}}.seed-{{seed}}.tsv"
    # before the baselines, but after jobs that others wait for: long jobs of all datasets run first
    priority: 1
    conda:
        "../envs/bioseqrnn.yaml"
    threads: training_threads()
    resources:
        **several_nodes(),
        **gpus(config["devices"] * config["nodes"]),
        mem_mb=4000,
        runtime=240,
    params:
        settings=model_settings,
        chosen=chosen_words if SEARCHED else "",
        device=config["device"],
        threads=config["threads"],
        devices=config["devices"],
        nodes=config["nodes"],
        launcher=launcher(),
        version=STAGE_VERSIONS["training"],
    # exec: signals that a batch system sends to the job's shell then reach the training
    shell:
        "exec {params.launcher} bioseqrnn train"
        " --sequences {input.sequences:q} --folds {input.folds:q}"
        " --model {wildcards.model} --config {params.settings:q} {params.chosen}"
        " --fold {wildcards.fold} --seed {wildcards.seed}"
        " --device {params.device} --devices {params.devices} --nodes {params.nodes}"
        " --threads {params.threads}"
        " --history {output.history:q} --predictions {output.predictions:q}"
        " --output {output.model:q} > {log:q} 2>&1"


# The same on random folds, for comparison.
use rule train_model as train_random_model with:
    input:
        sequences=SEQUENCES,
        folds=rules.assign_random_folds.output,
    output:
        model=f"{RESULTS}/{{dataset}}/random/models/{{model}}/fold-{{fold}}/seed-{{seed}}/model.safetensors",
        history=f"{RESULTS}/{{dataset}}/random/models/{{model}}/fold-{{fold}}/seed-{{seed}}/history.tsv",
        predictions=f"{RESULTS}/{{dataset}}/random/models/{{model}}/fold-{{fold}}/seed-{{seed}}/predictions.parquet",
    log:
        f"{RESULTS}/{{dataset}}/logs/train_random_model/{{model}}.fold-{{fold}}.seed-{{seed}}.log",
    benchmark:
        f"{RESULTS}/{{dataset}}/benchmarks/train_random_model/{{model}}.fold-{{fold}}.seed-{{seed}}.tsv"
    priority: 0
