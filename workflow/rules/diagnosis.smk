# Diagnosis of gradients: how many steps back the cell of each model reaches, in the network of the
# first fold and seed.


include: "functions/diagnosis.smk"


rule diagnose_models:
    input:
        sequences=SEQUENCES,
        folds=rules.assign_folds.output.folds,
        models=first_models,
    output:
        table=f"{RESULTS}/{{dataset}}/diagnosis/gradients.tsv",
        figure=f"{RESULTS}/{{dataset}}/diagnosis/gradients.svg",
    log:
        f"{RESULTS}/{{dataset}}/logs/diagnose_models.log",
    benchmark:
        f"{RESULTS}/{{dataset}}/benchmarks/diagnose_models.tsv"
    # the report waits for this job
    priority: 1
    conda:
        "../envs/bioseqrnn.yaml"
    threads: config["threads"]
    resources:
        mem_mb=2000,
        runtime=120,
    params:
        folder=subpath(output.table, parent=True),
        threads=config["threads"],
        version=STAGE_VERSIONS["diagnosis"],
    shell:
        "bioseqrnn diagnose {input.models:q} --sequences {input.sequences:q}"
        " --folds {input.folds:q} --threads {params.threads}"
        " --output {params.folder:q} > {log:q} 2>&1"
