# One page a dataset, with its tables.
import shlex

# what bioseqrnn.stages.report.run writes
REPORT_TABLES = (
    "summary",
    "runs",
    "comparisons",
    "classes",
    "confusion",
    "calibration",
    "temperatures",
    "thresholds",
    "strata",
    "learning_curves",
    "curves",
    "gradients",
    "checks",
    "audit",
    "folds",
    "leaks",
    "provenance",
)
if SEARCHED:
    REPORT_TABLES += ("search",)
if LEARNING_CURVE["models"]:
    REPORT_TABLES += ("sizes",)


def report_settings(wildcards):
    """Settings that shape the results of a dataset, for the report's provenance."""
    keys = (
        "audit",
        "folds",
        "models",
        "baselines",
        "seeds",
        "evaluation",
        "search",
        "threads",
    )
    settings = {key: config[key] for key in keys}
    settings["dataset_options"] = dataset_options(wildcards)
    if has_split(wildcards.dataset):
        settings["folds"] = {k: v for k, v in config["folds"].items() if k != "count"}
    return sorted_json(settings)


def optional_tables(wildcards):
    """Tables of the report that only some runs have."""
    names = ["random_folds"] if scored_at_random(wildcards.dataset) else []
    return [f"{RESULTS}/{wildcards.dataset}/evaluation/{name}.tsv" for name in names]


def optional_words(wildcards):
    """The same as words of the command."""
    return [word for path in optional_tables(wildcards) for word in ("--table", path)]


def search_trials(wildcards):
    """All trials of a dataset, for the report."""
    parts = [f"fold-{fold}" for fold in folds_of(wildcards.dataset)] + ["final"]
    return [
        f"{search_folder(wildcards.dataset, model, part)}/trials.tsv"
        for model in SEARCHED
        for part in parts
    ]


def report_sizes(wildcards):
    if not LEARNING_CURVE["models"]:
        return []
    return f"{RESULTS}/{wildcards.dataset}/evaluation/sizes.tsv"


def report_extras(wildcards, input):
    """Words of the command line for the sections that not every run has."""
    words = [f"--search {shlex.quote(path)}" for path in input.search]
    if input.sizes:
        words.append(f"--sizes {shlex.quote(input.sizes)}")
    return " ".join(words)


rule build_report:
    input:
        sequences=SEQUENCES,
        audit=AUDIT,
        checks=rules.judge_findings.output,
        folds=rules.assign_folds.output.folds,
        leaks=rules.assign_folds.output.leaks,
        optional=optional_tables,
        selected=rules.evaluate_models.output.selected,
        # read from its folder; in remote storage that has what is named here only
        evaluation=rules.evaluate_models.output,
        gradients=rules.diagnose_models.output.table,
        search=search_trials,
        sizes=report_sizes,
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
        confidence=config["evaluation"]["confidence"],
        settings=report_settings,
        optional=optional_words,
        extras=report_extras,
        version=STAGE_VERSIONS["report"],
    shell:
        "bioseqrnn report --dataset {wildcards.dataset} --sequences {input.sequences:q}"
        " --audit {input.audit:q} --checks {input.checks:q} --folds {input.folds:q} --leaks {input.leaks:q}"
        " --evaluation {params.evaluation:q} {params.optional:q}"
        " --gradients {input.gradients:q} {params.extras} --settings {params.settings:q} --confidence {params.confidence}"
        " --output {params.folder:q} > {log:q} 2>&1"
