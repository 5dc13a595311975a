# Explanation: which residues of the test records the selected network of each fold decides by, and
# the motifs that they form.


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
        method=config["explanation"]["method"],
        records=config["explanation"]["records"],
        changes=config["explanation"]["changes"],
        longest=config["explanation"]["longest"],
        seed=config["explanation"]["seed"],
        device=config["device"],
        threads=config["threads"],
        version=STAGE_VERSIONS["explanation"],
    shell:
        "bioseqrnn attribute {input.models:q} --sequences {input.sequences:q}"
        " --folds {input.folds:q} --selected {input.selected:q}"
        " --temperatures {input.temperatures:q} --method {params.method}"
        " --records {params.records} --changes {params.changes} --longest {params.longest}"
        " --seed {params.seed} --device {params.device} --threads {params.threads}"
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
