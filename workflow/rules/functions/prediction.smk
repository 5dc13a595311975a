# FASTA files to predict.
import re
import shlex


def datasets_by_position():
    """Datasets with a label for every residue."""
    tasks = {
        name: options.get("task") for name, options in config["dataset_options"].items()
    }
    return [name for name in DATASETS if tasks.get(name) == "per_position"]


def datasets_by_record():
    """All other datasets."""
    return [name for name in DATASETS if name not in datasets_by_position()]


def one_of(names):
    """Pattern of a wildcard that is one of the names; without names, it matches nothing."""
    return "|".join(re.escape(name) for name in names) or "(?!)"


def gene_options(wildcards):
    """Options of the command that make genes of the calls; none if no class is coding."""
    options = dataset_options(wildcards)
    if "coding" not in options or options["coding"] is None:
        return ""
    given = {"--coding": options["coding"]}
    if "genetic_code" in options:
        given["--genetic-code"] = str(options["genetic_code"])
    return " ".join(f"{name} {shlex.quote(value)}" for name, value in given.items())


def query_file(wildcards):
    return as_input(QUERIES[wildcards.dataset][wildcards.query])


def query_checksum(wildcards):
    return checksum(QUERIES[wildcards.dataset][wildcards.query])
