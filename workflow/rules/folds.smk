rule assign_folds:
    input:
        f"{RESULTS}/{{dataset}}/sequences.parquet",
    output:
        f"{RESULTS}/{{dataset}}/folds.parquet",
    log:
        f"{RESULTS}/{{dataset}}/logs/assign_folds.log",
    conda:
        "../envs/bioseqrnn.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        folds=config["folds"]["count"],
        validation_fraction=config["folds"]["validation_fraction"],
        seed=config["folds"]["seed"],
        version=STAGE_VERSIONS["folds"],
    shell:
        "bioseqrnn split --sequences {input:q} --output {output:q} --folds {params.folds}"
        " --validation-fraction {params.validation_fraction} --seed {params.seed}"
        " --dataset {wildcards.dataset} > {log:q} 2>&1"
