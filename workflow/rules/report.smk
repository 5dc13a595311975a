# One HTML page for each dataset, with its tables.


include: "functions/report.smk"


rule build_report:
    input:
        sequences=SEQUENCES,
        intake=INTAKE,
        checks=rules.judge_findings.output,
        folds=rules.assign_folds.output.folds,
        leaks=rules.assign_folds.output.leaks,
        optional=optional_tables,
        selected=rules.evaluate_models.output.selected,
        # read from its folder, which in remote storage holds only files that are named here
        evaluation=rules.evaluate_models.output,
        gradients=rules.diagnose_models.output.table,
        search=search_trials,
        learning_curve=report_learning_curve,
        motifs=report_motifs,
        checked=report_checked,
        # read for their checksums
        listed=listed_results,
    output:
        html=f"{RESULTS}/{{dataset}}/report/report.html",
        manifest=f"{RESULTS}/{{dataset}}/report/manifest.json",
        tables=expand(
            f"{RESULTS}/{{dataset}}/report/tables/{{table}}.tsv",
            table=REPORT_TABLES,
            allow_missing=True,
        ),
    log:
        f"{RESULTS}/{{dataset}}/logs/build_report.log",
    conda:
        "../envs/bioseqrnn.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=20,
    params:
        evaluation=subpath(input.selected, parent=True),
        folder=subpath(output.html, parent=True),
        results=subpath(output.html, ancestor=2),
        confidence=config["evaluation"]["confidence"],
        settings=report_settings,
        optional=optional_words,
        extras=report_extras,
        version=STAGE_VERSIONS["report"],
    shell:
        "bioseqrnn report --dataset {wildcards.dataset} --sequences {input.sequences:q}"
        " --intake {input.intake:q} --checks {input.checks:q} --folds {input.folds:q} --leaks {input.leaks:q}"
        " --evaluation {params.evaluation:q} {params.optional:q}"
        " --gradients {input.gradients:q} {params.extras} --results {params.results:q} --settings {params.settings:q} --confidence {params.confidence}"
        " --output {params.folder:q} > {log:q} 2>&1"


# The page on new sequences. The report does not depend on it: a query may be added, or be unreadable.
rule report_queries:
    input:
        predictions=dataset_predictions,
    output:
        html=f"{RESULTS}/{{dataset}}/report/predictions.html",
        tables=expand(
            f"{RESULTS}/{{dataset}}/{{table}}",
            table=[table.path for table in declared.queries.QUERY_TABLES],
            allow_missing=True,
        ),
    log:
        f"{RESULTS}/{{dataset}}/logs/report_queries.log",
    conda:
        "../envs/bioseqrnn.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        folder=subpath(output.html, parent=True),
        version=STAGE_VERSIONS["report"],
    shell:
        "bioseqrnn report-queries {input.predictions:q} --dataset {wildcards.dataset}"
        " --output {params.folder:q} > {log:q} 2>&1"
