# Predictions of the fold networks of one dataset for the records of another one with the same
# positives.


include: "functions/transfer.smk"


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
