# Learning curve: would more sequences help? Models are trained again on fractions of the training
# records of each fold.


include: "functions/learning_curve.smk"


rule train_on_fraction:
    input:
        sequences=SEQUENCES,
        folds=rules.assign_folds.output.folds,
        chosen=chosen_settings if SEARCHED else [],
    output:
        model=f"{RESULTS}/{{dataset}}/learning_curve/models/{{model}}/fraction-{{fraction}}/fold-{{fold}}/model.safetensors",
        history=f"{RESULTS}/{{dataset}}/learning_curve/models/{{model}}/fraction-{{fraction}}/fold-{{fold}}/history.tsv",
        predictions=f"{RESULTS}/{{dataset}}/learning_curve/models/{{model}}/fraction-{{fraction}}/fold-{{fold}}/predictions.parquet",
    log:
        f"{RESULTS}/{{dataset}}/logs/train_on_fraction/{{model}}.fraction-{{fraction}}.fold-{{fold}}.log",
    benchmark:
        f"{RESULTS}/{{dataset}}/benchmarks/train_on_fraction/{{model}}.fraction-{{fraction}}.fold-{{fold}}.tsv"
    conda:
        "../envs/bioseqrnn.yaml"
    threads: config["threads"]
    resources:
        **gpus(),
        mem_mb=4000,
        runtime=240,
    params:
        settings=model_settings,
        chosen=chosen_words if SEARCHED else "",
        seed=config["seeds"][0],
        device=config["device"],
        threads=config["threads"],
        version=STAGE_VERSIONS["training"],
    # exec: signals that a batch system sends to the job's shell then reach the training
    shell:
        "exec bioseqrnn train --sequences {input.sequences:q} --folds {input.folds:q}"
        " --model {wildcards.model} --config {params.settings:q} {params.chosen}"
        " --fraction {wildcards.fraction} --fold {wildcards.fold} --seed {params.seed}"
        " --device {params.device} --threads {params.threads}"
        " --history {output.history:q} --predictions {output.predictions:q}"
        " --output {output.model:q} > {log:q} 2>&1"


rule baseline_on_fraction:
    input:
        sequences=SEQUENCES,
        folds=rules.assign_folds.output.folds,
    output:
        f"{RESULTS}/{{dataset}}/learning_curve/baselines/{{baseline}}/fraction-{{fraction}}/fold-{{fold}}/predictions.parquet",
    log:
        f"{RESULTS}/{{dataset}}/logs/baseline_on_fraction/{{baseline}}.fraction-{{fraction}}.fold-{{fold}}.log",
    benchmark:
        f"{RESULTS}/{{dataset}}/benchmarks/baseline_on_fraction/{{baseline}}.fraction-{{fraction}}.fold-{{fold}}.tsv"
    conda:
        "../envs/bioseqrnn.yaml"
    threads: config["threads"]
    resources:
        mem_mb=4000,
        runtime=120,
    params:
        seed=config["seeds"][0],
        threads=config["threads"],
        version=STAGE_VERSIONS["baselines"],
    shell:
        "bioseqrnn baseline --sequences {input.sequences:q} --folds {input.folds:q}"
        " --method {wildcards.baseline} --fraction {wildcards.fraction} --fold {wildcards.fold}"
        " --seed {params.seed} --threads {params.threads} --output {output:q} > {log:q} 2>&1"


rule evaluate_learning_curve:
    input:
        folds=rules.assign_folds.output.folds,
        predictions=learning_curve_predictions,
    output:
        f"{RESULTS}/{{dataset}}/evaluation/learning_curve.tsv",
    log:
        f"{RESULTS}/{{dataset}}/logs/evaluate_learning_curve.log",
    conda:
        "../envs/bioseqrnn.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        bootstrap=config["evaluation"]["bootstrap"],
        confidence=config["evaluation"]["confidence"],
        seed=config["evaluation"]["seed"],
        version=STAGE_VERSIONS["learning_curve"],
    shell:
        "bioseqrnn learning-curve {input.predictions:q} --folds {input.folds:q}"
        " --bootstrap {params.bootstrap} --confidence {params.confidence} --seed {params.seed}"
        " --output {output:q} > {log:q} 2>&1"
