# Names that several rules share, and the functions behind their inputs and params.
import os
import sys

# Raise a stage's number when its results change for the same input: what it made is made again.
STAGE_VERSIONS = {
    "sequences": 1,
    "folds": 1,
    "training": 1,
    "baselines": 1,
    "evaluation": 1,
    "prediction": 1,
    "report": 1,
}
# what bioseqrnn.report.build writes
REPORT_TABLES = (
    "summary",
    "runs",
    "comparisons",
    "confusion",
    "calibration",
    "learning_curves",
    "curves",
    "audit",
    "folds",
    "provenance",
)
NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]*"

CONFIG_NAME = (
    ", ".join(os.path.relpath(path) for path in workflow.configfiles) or "configuration"
)
check_keys(config, CONFIG_NAME)
check_schema(config, SchemaValidator(read_schema("config")), CONFIG_NAME)
validate(config, workflow.source_path("../schemas/config.schema.yaml"))

DATASETS = read_datasets(config["datasets"])
QUERIES = read_queries(config["queries"], DATASETS)
check_config(config, DATASETS)

RESULTS = config["results"].rstrip("/")
FOLDS = range(config["folds"]["count"])

# The commands of the environment that runs Snakemake are found without activating it; behind
# everything else on the path, so that a conda environment of a rule comes first.
shell.prefix(f'PATH="$PATH:{os.path.dirname(sys.executable)}"; ')


wildcard_constraints:
    dataset=NAME,
    model=NAME,
    baseline=NAME,
    query=NAME,
    fold=r"\d+",
    seed=r"\d+",


def sorted_json(value):
    """The same text for the same settings, in whatever order they were written."""
    return json.dumps(value, sort_keys=True)


def dataset_options(wildcards):
    """Options of a dataset; none for one that is not named, which has the defaults."""
    return config["dataset_options"].get(wildcards.dataset, {})


def dataset_files(wildcards):
    """FASTA files and labels TSVs of a dataset; not watched by time stamp, see checksums.smk."""
    rows = DATASETS[wildcards.dataset]
    return [
        ancient(row[key]) for row in rows for key in ("fasta", "labels") if key in row
    ]


def dataset_checksums(wildcards):
    """What a dataset is made of: every row of the sheet with the sums of its files."""
    rows = []
    for row in DATASETS[wildcards.dataset]:
        sums = {
            f"{key}_sha256": checksum(row[key])
            for key in ("fasta", "labels")
            if key in row
        }
        rows.append(row | sums)
    return sorted_json(rows)


def encode_options(wildcards):
    """Dataset options as options of 'bioseqrnn encode'."""
    options = dataset_options(wildcards)
    words = ["--alphabet", options.get("alphabet", "auto")]
    words += ["--strands", options.get("strands", "single")]
    if options.get("positive") is not None:
        words += ["--positive", options["positive"]]
    for name in options.get("classes") or []:
        words += ["--class", name]
    return words


def model_settings(wildcards):
    """Settings of one model as sorted JSON: editing one model retrains only that one."""
    return sorted_json(config["models"][wildcards.model])


def query_file(wildcards):
    return ancient(QUERIES[wildcards.dataset][wildcards.query])


def query_checksum(wildcards):
    return checksum(QUERIES[wildcards.dataset][wildcards.query])


def report_settings(wildcards):
    """Settings that shape the results of a dataset, for the report's provenance."""
    keys = ("folds", "models", "baselines", "seeds", "evaluation", "threads")
    options = {"dataset_options": dataset_options(wildcards)}
    return sorted_json(options | {key: config[key] for key in keys})


def network_files(name):
    """One output of train_model for all models, folds and seeds of a dataset."""
    return expand(
        f"{RESULTS}/{{dataset}}/models/{{model}}/fold-{{fold}}/seed-{{seed}}/{name}",
        model=config["models"],
        fold=FOLDS,
        seed=config["seeds"],
        allow_missing=True,
    )


def baseline_files():
    """Predictions of all baselines and folds of a dataset."""
    return expand(
        f"{RESULTS}/{{dataset}}/baselines/{{baseline}}/fold-{{fold}}/predictions.parquet",
        baseline=config["baselines"],
        fold=FOLDS,
        allow_missing=True,
    )


def all_results():
    """What a plain run makes: a report a dataset, a prediction table a query."""
    reports = expand(f"{RESULTS}/{{dataset}}/report/report.html", dataset=DATASETS)
    tables = [
        f"{RESULTS}/{dataset}/predictions/{query}.parquet"
        for dataset, queries in QUERIES.items()
        for query in queries
    ]
    finals = expand(f"{RESULTS}/{{dataset}}/final/model.safetensors", dataset=DATASETS)
    return reports + finals + tables
