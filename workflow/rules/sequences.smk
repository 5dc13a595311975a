rule encode_sequences:
    input:
        dataset_files,
    output:
        sequences=f"{RESULTS}/{{dataset}}/sequences.parquet",
        audit=f"{RESULTS}/{{dataset}}/audit.tsv",
    log:
        f"{RESULTS}/{{dataset}}/logs/encode_sequences.log",
    benchmark:
        f"{RESULTS}/{{dataset}}/benchmarks/encode_sequences.tsv"
    conda:
        "../envs/bioseqrnn.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        sheet=config["datasets"],
        options=encode_options,
        checksums=dataset_checksums,
        version=STAGE_VERSIONS["sequences"],
    shell:
        "bioseqrnn encode --sheet {params.sheet:q} --dataset {wildcards.dataset}"
        " {params.options:q} --audit {output.audit:q} --output {output.sequences:q}"
        " > {log:q} 2>&1"
