# FASTA files to predict.
import re


def datasets_by_position():
    """Datasets whose labels stand at every residue."""
    tasks = {
        name: options.get("task") for name, options in config["dataset_options"].items()
    }
    return [name for name in DATASETS if tasks.get(name) == "per_position"]


def datasets_by_record():
    """All others."""
    return [name for name in DATASETS if name not in datasets_by_position()]


def one_of(names):
    """Pattern of a wildcard that is one of some names; of none, one that nothing matches."""
    return "|".join(re.escape(name) for name in names) or "(?!)"


def query_file(wildcards):
    return as_input(QUERIES[wildcards.dataset][wildcards.query])


def query_checksum(wildcards):
    return checksum(QUERIES[wildcards.dataset][wildcards.query])
