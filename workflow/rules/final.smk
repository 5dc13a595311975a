# The final model: networks and baselines fitted to all records, in one file.


include: "functions/final.smk"


rule train_final:
    input:
        sequences=SEQUENCES,
        selected=f"{RESULTS}/{{dataset}}/evaluation/selected.json",
        chosen=final_settings,
    output:
        f"{RESULTS}/{{dataset}}/final/networks/{{model}}.safetensors",
    log:
        f"{RESULTS}/{{dataset}}/logs/train_final/{{model}}.log",
    benchmark:
        f"{RESULTS}/{{dataset}}/benchmarks/train_final/{{model}}.tsv"
    priority: 2
    conda:
        "../envs/bioseqrnn.yaml"
    threads: training_threads()
    resources:
        **several_nodes(),
        **gpus(config["devices"] * config["nodes"]),
        mem_mb=4000,
        runtime=240,
    params:
        model=final_network_words,
        chosen=chosen_words,
        seed=config["seeds"][0],
        device=config["device"],
        threads=config["threads"],
        devices=config["devices"],
        nodes=config["nodes"],
        launcher=launcher(),
        version=STAGE_VERSIONS["training"],
    # exec: signals that a batch system sends to the job's shell then reach the training
    shell:
        "exec {params.launcher} bioseqrnn train"
        " --sequences {input.sequences:q} --selected {input.selected:q} {params.model:q}"
        " {params.chosen} --seed {params.seed} --device {params.device}"
        " --devices {params.devices} --nodes {params.nodes} --threads {params.threads}"
        " --output {output:q} > {log:q} 2>&1"


rule fit_final_baseline:
    input:
        sequences=SEQUENCES,
        selected=f"{RESULTS}/{{dataset}}/evaluation/selected.json",
    output:
        f"{RESULTS}/{{dataset}}/final/baselines/{{baseline}}.safetensors",
    log:
        f"{RESULTS}/{{dataset}}/logs/fit_final_baseline/{{baseline}}.log",
    benchmark:
        f"{RESULTS}/{{dataset}}/benchmarks/fit_final_baseline/{{baseline}}.tsv"
    conda:
        "../envs/bioseqrnn.yaml"
    threads: config["threads"]
    resources:
        mem_mb=4000,
        runtime=120,
    params:
        seed=config["seeds"][0],
        threads=config["threads"],
        version=STAGE_VERSIONS["baselines"],
    shell:
        "bioseqrnn baseline --sequences {input.sequences:q} --selected {input.selected:q}"
        " --method {wildcards.baseline} --seed {params.seed} --threads {params.threads}"
        " --output {output:q} > {log:q} 2>&1"


rule combine_final:
    input:
        networks=final_networks,
        baselines=final_baselines,
        selected=f"{RESULTS}/{{dataset}}/evaluation/selected.json",
        sequences=SEQUENCES,
        folds=rules.assign_folds.output.folds,
    output:
        f"{RESULTS}/{{dataset}}/final/model.safetensors",
    log:
        f"{RESULTS}/{{dataset}}/logs/combine_final.log",
    priority: 2
    conda:
        "../envs/bioseqrnn.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        version=STAGE_VERSIONS["final"],
    shell:
        "bioseqrnn combine {input.networks:q} {input.baselines:q} --selected {input.selected:q}"
        " --sequences {input.sequences:q} --folds {input.folds:q}"
        " --output {output:q} > {log:q} 2>&1"
