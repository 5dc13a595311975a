# Inputs and parameters of the sequence tables and their audit.
def dataset_files(wildcards):
    """Files of a dataset, as inputs of a rule."""
    return [as_input(path) for path in files_of(wildcards.dataset)]


def dataset_checksums(wildcards):
    """Identity of a dataset: every row of the sheet, and the checksums of all files.

    The checksums of many files are combined to one, so that the parameters of a job stay short.
    """
    sums = [checksum(path) for path in files_of(wildcards.dataset)]
    rows = [
        {key: value for key, value in row.items() if key != "files"}
        for row in DATASETS[wildcards.dataset]
    ]
    return sorted_json({"rows": rows, "files": combined(sums)})


# options of a dataset that make genes of predictions
GENE_OPTIONS = ("coding", "genetic_code")


def encode_options(wildcards):
    """Dataset options as sorted JSON, without those that only predictions depend on."""
    options = dataset_options(wildcards)
    return sorted_json({k: v for k, v in options.items() if k not in GENE_OPTIONS})


def audit_limits():
    """Limits and actions of the audit as sorted JSON."""
    return sorted_json(config["audit"])
