# Simple methods (baselines) on the same folds as the networks.


include: "functions/baselines.smk"


rule train_baseline:
    input:
        sequences=SEQUENCES,
        folds=rules.assign_folds.output.folds,
    output:
        f"{RESULTS}/{{dataset}}/baselines/{{baseline}}/fold-{{fold}}/predictions.parquet",
    log:
        f"{RESULTS}/{{dataset}}/logs/train_baseline/{{baseline}}.fold-{{fold}}.log",
    benchmark:
        f"{RESULTS}/{{dataset}}/benchmarks/train_baseline/{{baseline}}.fold-{{fold}}.tsv"
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
        "bioseqrnn baseline --sequences {input.sequences:q} --folds {input.folds:q}"
        " --method {wildcards.baseline} --fold {wildcards.fold} --seed {params.seed}"
        " --threads {params.threads} --output {output:q} > {log:q} 2>&1"


# The same on random folds, for comparison.
use rule train_baseline as train_random_baseline with:
    input:
        sequences=SEQUENCES,
        folds=rules.assign_random_folds.output,
    output:
        f"{RESULTS}/{{dataset}}/random/baselines/{{baseline}}/fold-{{fold}}/predictions.parquet",
    log:
        f"{RESULTS}/{{dataset}}/logs/train_random_baseline/{{baseline}}.fold-{{fold}}.log",
    benchmark:
        f"{RESULTS}/{{dataset}}/benchmarks/train_random_baseline/{{baseline}}.fold-{{fold}}.tsv"
