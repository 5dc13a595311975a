rule assign_folds:
    input:
        sequences=f"{RESULTS}/{{dataset}}/sequences.parquet",
        findings=f"{RESULTS}/{{dataset}}/findings.tsv",
    output:
        f"{RESULTS}/{{dataset}}/folds.parquet",
    log:
        f"{RESULTS}/{{dataset}}/logs/assign_folds.log",
    priority: 2
    conda:
        "../envs/bioseqrnn.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        folds=fold_count,
        validation_fraction=config["folds"]["validation_fraction"],
        seed=config["folds"]["seed"],
        # the gate: nothing is dealt, and so trained, where a finding stops
        limits=audit_stops(),
        version=STAGE_VERSIONS["folds"],
    shell:
        "bioseqrnn split --sequences {input.sequences:q} --findings {input.findings:q}"
        " --limits {params.limits:q} --output {output:q} --folds {params.folds}"
        " --validation-fraction {params.validation_fraction} --seed {params.seed}"
        " --dataset {wildcards.dataset} > {log:q} 2>&1"
