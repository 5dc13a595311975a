# One table of sequences and labels for each dataset, and its audit.


include: "functions/sequences.smk"


# Snakemake fetches files from remote storage to other paths than those in the sheet.
COPIES = (
    "{input:q}"
    if any(elsewhere(path) for dataset in DATASETS for path in files_of(dataset))
    else ""
)

if config["shards"] == 1:

    rule encode_sequences:
        input:
            dataset_files,
        output:
            sequences=f"{RESULTS}/{{dataset}}/sequences.parquet",
            intake=f"{RESULTS}/{{dataset}}/intake.tsv",
        log:
            f"{RESULTS}/{{dataset}}/logs/encode_sequences.log",
        benchmark:
            f"{RESULTS}/{{dataset}}/benchmarks/encode_sequences.tsv"
        priority: 2
        conda:
            "../envs/bioseqrnn.yaml"
        threads: 1
        resources:
            mem_mb=2000,
            runtime=240,
        params:
            sheet=config["datasets"],
            options=encode_options,
            checksums=dataset_checksums,
            version=STAGE_VERSIONS["sequences"],
        shell:
            "bioseqrnn encode --sheet {params.sheet:q} --dataset {wildcards.dataset}"
            " --options {params.options:q} --intake {output.intake:q}"
            f" --output {{output.sequences:q}} {COPIES} > {{log:q}} 2>&1"

else:

    # scattergather is not used: a workflow shares its names with the workflows that it imports
    SHARDS = [f"{k}-of-{config['shards']}" for k in range(1, config["shards"] + 1)]

    rule encode_shard:
        input:
            dataset_files,
        output:
            temp(f"{RESULTS}/{{dataset}}/shards/{{shard}}.parquet"),
        log:
            f"{RESULTS}/{{dataset}}/logs/encode_shard/{{shard}}.log",
        benchmark:
            f"{RESULTS}/{{dataset}}/benchmarks/encode_shard/{{shard}}.tsv"
        priority: 2
        conda:
            "../envs/bioseqrnn.yaml"
        threads: 1
        resources:
            mem_mb=2000,
            runtime=240,
        params:
            sheet=config["datasets"],
            options=encode_options,
            checksums=dataset_checksums,
            version=STAGE_VERSIONS["sequences"],
        shell:
            "bioseqrnn encode --sheet {params.sheet:q} --dataset {wildcards.dataset}"
            " --options {params.options:q} --shard {wildcards.shard}"
            f" --output {{output:q}} {COPIES} > {{log:q}} 2>&1"

    rule gather_shards:
        input:
            shards=expand(
                f"{RESULTS}/{{dataset}}/shards/{{shard}}.parquet",
                shard=SHARDS,
                allow_missing=True,
            ),
            files=dataset_files,
        output:
            sequences=f"{RESULTS}/{{dataset}}/sequences.parquet",
            intake=f"{RESULTS}/{{dataset}}/intake.tsv",
        log:
            f"{RESULTS}/{{dataset}}/logs/gather_shards.log",
        benchmark:
            f"{RESULTS}/{{dataset}}/benchmarks/gather_shards.tsv"
        priority: 2
        conda:
            "../envs/bioseqrnn.yaml"
        threads: 1
        resources:
            mem_mb=2000,
            runtime=240,
        params:
            options=encode_options,
            version=STAGE_VERSIONS["sequences"],
        shell:
            "bioseqrnn gather {input.shards:q} --dataset {wildcards.dataset}"
            " --options {params.options:q} --intake {output.intake:q}"
            " --output {output.sequences:q} > {log:q} 2>&1"


# The table of a dataset, made by one of two rules. Where possible, an input is named by the rule
# that makes it: Snakemake then need not search for that rule, which takes time with many jobs.
SEQUENCES, INTAKE = (
    rules.encode_sequences if config["shards"] == 1 else rules.gather_shards
).output


rule audit_sequences:
    input:
        SEQUENCES,
    output:
        findings=f"{RESULTS}/{{dataset}}/findings.tsv",
        flagged=f"{RESULTS}/{{dataset}}/flagged.tsv",
    log:
        f"{RESULTS}/{{dataset}}/logs/audit_sequences.log",
    benchmark:
        f"{RESULTS}/{{dataset}}/benchmarks/audit_sequences.tsv"
    priority: 2
    conda:
        "../envs/bioseqrnn.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=120,
    params:
        limits=sorted_json({"identity": config["audit"]["identity"]}),
        version=STAGE_VERSIONS["audit"],
    shell:
        "bioseqrnn audit --dataset {wildcards.dataset} --sequences {input:q}"
        " --limits {params.limits:q} --flagged {output.flagged:q}"
        " --findings {output.findings:q} > {log:q} 2>&1"


# This is a separate rule, so that a changed limit reruns only the verdicts and the report.
rule judge_findings:
    input:
        rules.audit_sequences.output.findings,
    output:
        f"{RESULTS}/{{dataset}}/checks.tsv",
    log:
        f"{RESULTS}/{{dataset}}/logs/judge_findings.log",
    # run before the assignment of folds, which a finding may stop
    priority: 1
    conda:
        "../envs/bioseqrnn.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        limits=audit_limits(),
        version=STAGE_VERSIONS["audit"],
    shell:
        "bioseqrnn audit --dataset {wildcards.dataset} --findings {input:q}"
        " --limits {params.limits:q} --output {output:q} > {log:q} 2>&1"
