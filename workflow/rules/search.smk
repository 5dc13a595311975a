# One study a searched model and fold (or all records, for the final model), which several jobs may
# work on. Its journal is no declared output: Snakemake would delete that of a failed job, and the
# next one resumes from it.
import shlex


def search_folder(dataset, model, part):
    return f"{RESULTS}/{dataset}/search/{model}/{part}"


def search_settings():
    """Settings of the search as sorted JSON, but for the models."""
    settings = {k: v for k, v in config["search"].items() if k != "models"}
    settings["space"] = {k: v for k, v in settings["space"].items() if v is not None}
    return sorted_json(settings)


def search_journal(wildcards):
    """Journal that all workers of a study share."""
    folder = search_folder(wildcards.dataset, wildcards.model, wildcards.part)
    return f"{folder}/study.journal"


def search_selection(wildcards):
    """What says whether the final model is a searched one; of a fold nothing."""
    if wildcards.part != "final":
        return []
    return f"{RESULTS}/{wildcards.dataset}/evaluation/selected.json"


def search_part(wildcards, input):
    """Words of the command line that say on which records is searched."""
    if wildcards.part == "final":
        return f"--selected {shlex.quote(input.selected)}"
    return f"--fold {wildcards.part.removeprefix('fold-')}"


def search_workers(wildcards):
    folder = search_folder(wildcards.dataset, wildcards.model, wildcards.part)
    return [f"{folder}/worker-{k}.tsv" for k in range(config["search"]["workers"])]


def search_tables(wildcards, input):
    """The workers' tables as words of the command line."""
    return " ".join(f"--choose {shlex.quote(path)}" for path in input.workers)


def chosen_settings(wildcards):
    """What the search of a fold ended with; nothing for a model that is not searched."""
    if wildcards.model not in SEARCHED:
        return []
    part = f"fold-{wildcards.fold}"
    return [
        f"{search_folder(wildcards.dataset, wildcards.model, part)}/chosen.json",
    ]


def final_settings(wildcards):
    """What the searches on all records ended with."""
    return [
        f"{search_folder(wildcards.dataset, model, 'final')}/chosen.json"
        for model in SEARCHED
    ]


def chosen_words(wildcards, input):
    """The results of searches as words of the command line; on random folds there are none."""
    return " ".join(f"--chosen {shlex.quote(path)}" for path in input.get("chosen", []))


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
    # the longest way to the report begins here
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
    # exec: the signals of a batch system to the job's shell are then those of the search
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
