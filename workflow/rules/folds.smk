# Roles of the records of a dataset in each fold: training, validation, test.


include: "functions/folds.smk"


rule assign_folds:
    input:
        sequences=SEQUENCES,
        findings=rules.audit_sequences.output.findings,
    output:
        folds=f"{RESULTS}/{{dataset}}/folds.parquet",
        leaks=f"{RESULTS}/{{dataset}}/leaks.tsv",
    log:
        f"{RESULTS}/{{dataset}}/logs/assign_folds.log",
    benchmark:
        f"{RESULTS}/{{dataset}}/benchmarks/assign_folds.tsv"
    priority: 2
    conda:
        "../envs/bioseqrnn.yaml"
    threads: config["threads"]
    resources:
        mem_mb=4000,
        runtime=240,
    params:
        settings=fold_settings,
        # if a finding stops the run, no folds are assigned, and so nothing is trained
        limits=audit_stops(),
        version=STAGE_VERSIONS["folds"],
    shell:
        "bioseqrnn split --sequences {input.sequences:q} --findings {input.findings:q}"
        " --limits {params.limits:q} --settings {params.settings:q} --threads {threads}"
        " --leaks {output.leaks:q} --output {output.folds:q}"
        " --dataset {wildcards.dataset} > {log:q} 2>&1"


# The same number of folds, assigned at random: they show which scores would have been claimed.
rule assign_random_folds:
    input:
        sequences=SEQUENCES,
        # not read: random folds, too, are assigned only if no finding stops the run
        folds=rules.assign_folds.output.folds,
    output:
        f"{RESULTS}/{{dataset}}/random/folds.parquet",
    log:
        f"{RESULTS}/{{dataset}}/logs/assign_random_folds.log",
    conda:
        "../envs/bioseqrnn.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        settings=random_fold_settings,
        version=STAGE_VERSIONS["folds"],
    shell:
        "bioseqrnn split --sequences {input.sequences:q} --settings {params.settings:q}"
        " --output {output:q} --dataset {wildcards.dataset} > {log:q} 2>&1"
