# Scores of networks and baselines, also on random folds.


include: "functions/evaluation.smk"


rule evaluate_models:
    input:
        sequences=SEQUENCES,
        folds=rules.assign_folds.output.folds,
        networks=network_predictions,
        beside=network_companions,
        baselines=baseline_predictions,
    output:
        **{
            table.name: f"{RESULTS}/{{dataset}}/{table.path}"
            for table in declared.evaluation.EVALUATED
        },
        curves=f"{RESULTS}/{{dataset}}/{declared.evaluation.CURVES.path}",
        selected=f"{RESULTS}/{{dataset}}/{declared.evaluation.SELECTED.path}",
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
        error_rate=config["evaluation"]["conformal"]["error_rate"],
        combine=combine_words,
        final=config["final"],
        version=STAGE_VERSIONS["evaluation"],
    shell:
        "bioseqrnn evaluate {input.networks:q} {input.baselines:q} --folds {input.folds:q}"
        " --sequences {input.sequences:q} --threshold-aim {params.aim} --threshold-precision {params.precision}"
        " --bootstrap {params.bootstrap} --confidence {params.confidence} --seed {params.seed}"
        " --error-rate {params.error_rate} {params.combine:q} --final {params.final} --output {params.folder:q} > {log:q} 2>&1"


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
