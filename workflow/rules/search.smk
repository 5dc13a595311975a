# One study for each searched model and fold (or all records, for the final model). Several jobs may
# work on a study. Its journal is not a declared output: Snakemake would delete it when a job fails,
# but the next job resumes from it.


include: "functions/search.smk"


rule search_worker:
    input:
        sequences=SEQUENCES,
        folds=rules.assign_folds.output.folds,
        selected=search_selection,
    output:
        f"{RESULTS}/{{dataset}}/search/{{model}}/{{part}}/worker-{{worker}}.tsv",
    log:
        f"{RESULTS}/{{dataset}}/logs/search_worker/{{model}}.{{part}}.worker-{{worker}}.log",
    benchmark:
        f"{RESULTS}/{{dataset}}/benchmarks/search_worker/{{model}}.{{part}}.worker-{{worker}}.tsv"
    # the longest chain of jobs up to the report begins here
    priority: 2
    conda:
        "../envs/bioseqrnn.yaml"
    threads: config["threads"]
    resources:
        **gpus(),
        mem_mb=4000,
        runtime=1440,
    params:
        journal=search_journal,
        config=model_settings,
        settings=search_settings(),
        part=search_part,
        device=config["device"],
        threads=config["threads"],
        version=STAGE_VERSIONS["search"],
    # exec: signals that a batch system sends to the job's shell then reach the search
    shell:
        "exec bioseqrnn search --sequences {input.sequences:q} --folds {input.folds:q}"
        " --journal {params.journal:q} --model {wildcards.model} --config {params.config:q}"
        " --settings {params.settings:q} {params.part} --worker {wildcards.worker}"
        " --device {params.device} --threads {params.threads}"
        " --output {output:q} > {log:q} 2>&1"


rule search_choose:
    input:
        workers=search_workers,
        selected=search_selection,
    output:
        chosen=f"{RESULTS}/{{dataset}}/search/{{model}}/{{part}}/chosen.json",
        trials=f"{RESULTS}/{{dataset}}/search/{{model}}/{{part}}/trials.tsv",
    log:
        f"{RESULTS}/{{dataset}}/logs/search_choose/{{model}}.{{part}}.log",
    priority: 2
    conda:
        "../envs/bioseqrnn.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        workers=search_tables,
        config=model_settings,
        settings=search_settings(),
        part=search_part,
        version=STAGE_VERSIONS["search"],
    shell:
        "bioseqrnn search {params.workers} --model {wildcards.model}"
        " --config {params.config:q} --settings {params.settings:q} {params.part}"
        " --trials {output.trials:q} --output {output.chosen:q} > {log:q} 2>&1"
