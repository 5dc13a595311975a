# Explanation: which residues of the test records the selected network of each fold decides by, the
# motifs that they form, and whether these motifs hold up.


rule attribute_sequences:
    input:
        sequences=SEQUENCES,
        folds=rules.assign_folds.output.folds,
        selected=f"{RESULTS}/{{dataset}}/evaluation/selected.json",
        temperatures=f"{RESULTS}/{{dataset}}/{declared.evaluation.TEMPERATURES.path}",
        models=attributed_networks,
    output:
        **{
            table.name: f"{RESULTS}/{{dataset}}/{table.path}"
            for table in declared.explanation.EXPLAINED
        },
    log:
        f"{RESULTS}/{{dataset}}/logs/attribute_sequences.log",
    benchmark:
        f"{RESULTS}/{{dataset}}/benchmarks/attribute_sequences.tsv"
    conda:
        "../envs/bioseqrnn.yaml"
    threads: config["threads"]
    resources:
        **gpus(),
        mem_mb=4000,
        runtime=240,
    params:
        folder=subpath(output.attributions, parent=True),
        settings=explanation_settings(
            "method", "records", "changes", "longest", "flank", "seed"
        ),
        calibration=calibration_words,
        device=config["device"],
        threads=config["threads"],
        version=STAGE_VERSIONS["explanation"],
    shell:
        "bioseqrnn attribute {input.models:q} --sequences {input.sequences:q}"
        " --folds {input.folds:q} --selected {input.selected:q}"
        " {params.calibration:q} --settings {params.settings:q}"
        " --device {params.device} --threads {params.threads}"
        " --output {params.folder:q} > {log:q} 2>&1"


rule discover_motifs:
    input:
        sequences=SEQUENCES,
        attributions=rules.attribute_sequences.output.attributions,
        known=config["explanation"]["motif_files"],
    output:
        motifs=f"{RESULTS}/{{dataset}}/{declared.explanation.MOTIFS.path}",
        matrices=f"{RESULTS}/{{dataset}}/{declared.explanation.MATRICES.path}",
        search=f"{RESULTS}/{{dataset}}/{declared.explanation.MOTIF_SEARCH.path}",
        pairs=f"{RESULTS}/{{dataset}}/{declared.explanation.MOTIF_PAIRS.path}",
        occurrences=f"{RESULTS}/{{dataset}}/{declared.explanation.OCCURRENCES.path}",
        bed=f"{RESULTS}/{{dataset}}/{declared.explanation.OCCURRENCES_BED}",
        meme=f"{RESULTS}/{{dataset}}/{declared.explanation.MEME}",
        logos=directory(f"{RESULTS}/{{dataset}}/explanation/logos"),
    log:
        f"{RESULTS}/{{dataset}}/logs/discover_motifs.log",
    benchmark:
        f"{RESULTS}/{{dataset}}/benchmarks/discover_motifs.tsv"
    # the report waits for this job
    priority: 1
    conda:
        "../envs/bioseqrnn.yaml"
    threads: config["threads"]
    resources:
        mem_mb=4000,
        runtime=120,
    params:
        folder=subpath(output.motifs, parent=True),
        known=known_words,
        seed=config["explanation"]["seed"],
        threads=config["threads"],
        version=STAGE_VERSIONS["explanation"],
    shell:
        "bioseqrnn motifs {input.attributions:q} --sequences {input.sequences:q} {params.known}"
        " --seed {params.seed} --threads {params.threads}"
        " --output {params.folder:q} > {log:q} 2>&1"


rule write_tracks:
    input:
        sequences=SEQUENCES,
        attributions=rules.attribute_sequences.output.attributions,
        genome=explained_genome,
    output:
        directory(f"{RESULTS}/{{dataset}}/{declared.explanation.TRACKS}"),
    log:
        f"{RESULTS}/{{dataset}}/logs/write_tracks.log",
    benchmark:
        f"{RESULTS}/{{dataset}}/benchmarks/write_tracks.tsv"
    conda:
        "../envs/bioseqrnn.yaml"
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        version=STAGE_VERSIONS["explanation"],
    shell:
        "bioseqrnn tracks {input.attributions:q} --sequences {input.sequences:q}"
        " --genome {input.genome:q} --output {output:q} > {log:q} 2>&1"


# Motifs by chance: a network is trained on permuted labels and attributed like the others.
rule train_permuted:
    input:
        sequences=SEQUENCES,
        folds=rules.assign_folds.output.folds,
        selected=f"{RESULTS}/{{dataset}}/evaluation/selected.json",
        chosen=final_settings,
    output:
        f"{RESULTS}/{{dataset}}/explanation/permuted/{{number}}/model.safetensors",
    log:
        f"{RESULTS}/{{dataset}}/logs/train_permuted/{{number}}.log",
    benchmark:
        f"{RESULTS}/{{dataset}}/benchmarks/train_permuted/{{number}}.tsv"
    # two more jobs and the report wait for this one
    priority: 3
    conda:
        "../envs/bioseqrnn.yaml"
    threads: config["threads"]
    resources:
        **gpus(),
        mem_mb=4000,
        runtime=240,
    params:
        chosen=chosen_words,
        fold=permuted_fold,
        seed=config["seeds"][0],
        device=config["device"],
        threads=config["threads"],
        version=STAGE_VERSIONS["training"],
    # exec: signals that a batch system sends to the job's shell then reach the training
    shell:
        "exec bioseqrnn train --sequences {input.sequences:q} --folds {input.folds:q}"
        " --selected {input.selected:q} {params.chosen} --permuted {wildcards.number}"
        " --fold {params.fold} --seed {params.seed} --device {params.device}"
        " --threads {params.threads} --output {output:q} > {log:q} 2>&1"


# without temperatures: there are none of this network, and motifs do not depend on one
use rule attribute_sequences as attribute_permuted with:
    input:
        sequences=SEQUENCES,
        folds=rules.assign_folds.output.folds,
        selected=f"{RESULTS}/{{dataset}}/evaluation/selected.json",
        models=rules.train_permuted.output,
    output:
        **{
            table.name: f"{RESULTS}/{{dataset}}/explanation/permuted/{{number}}/{table.file}"
            for table in declared.explanation.EXPLAINED
        },
    log:
        f"{RESULTS}/{{dataset}}/logs/attribute_permuted/{{number}}.log",
    benchmark:
        f"{RESULTS}/{{dataset}}/benchmarks/attribute_permuted/{{number}}.tsv"
    priority: 2


rule check_motifs:
    input:
        sequences=SEQUENCES,
        folds=rules.assign_folds.output.folds,
        selected=f"{RESULTS}/{{dataset}}/evaluation/selected.json",
        temperatures=f"{RESULTS}/{{dataset}}/{declared.evaluation.TEMPERATURES.path}",
        models=attributed_networks,
        motifs=rules.discover_motifs.output.motifs,
        # read from the folder of the motifs
        matrices=rules.discover_motifs.output.matrices,
        occurrences=rules.discover_motifs.output.occurrences,
        permuted=permuted_attributions,
    output:
        tests=f"{RESULTS}/{{dataset}}/{declared.explanation.MOTIF_TESTS.path}",
        null=f"{RESULTS}/{{dataset}}/{declared.explanation.MOTIF_NULL.path}",
    log:
        f"{RESULTS}/{{dataset}}/logs/check_motifs.log",
    benchmark:
        f"{RESULTS}/{{dataset}}/benchmarks/check_motifs.tsv"
    # the report waits for this job
    priority: 1
    conda:
        "../envs/bioseqrnn.yaml"
    threads: config["threads"]
    resources:
        **gpus(),
        mem_mb=4000,
        runtime=240,
    params:
        folder=subpath(output.tests, parent=True),
        permuted=permuted_words,
        settings=explanation_settings("tests", "longest", "flank", "seed"),
        device=config["device"],
        threads=config["threads"],
        version=STAGE_VERSIONS["explanation"],
    shell:
        "bioseqrnn check-motifs {input.models:q} --motifs {input.motifs:q}"
        " --sequences {input.sequences:q} --folds {input.folds:q} --selected {input.selected:q}"
        " --temperatures {input.temperatures:q} {params.permuted:q} --settings {params.settings:q}"
        " --device {params.device} --threads {params.threads}"
        " --output {params.folder:q} > {log:q} 2>&1"
