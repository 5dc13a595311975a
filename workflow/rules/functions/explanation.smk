# What is explained. The Snakefile includes this file before its first rule, whose input it names.
import shlex


def explained_datasets():
    """Datasets of which records are attributed: a network of residues has no output of a record."""
    if config["explanation"]["method"] == "none":
        return []
    options = config["dataset_options"]
    tasks = {name: chosen.get("task") for name, chosen in options.items()}
    return [name for name in DATASETS if tasks.get(name) != "per_position"]


def explanation_results():
    """Targets of a default run: the motifs of each of these datasets."""
    path = f"{RESULTS}/{{dataset}}/{declared.explanation.MOTIFS.path}"
    return expand(path, dataset=explained_datasets())


def attributed_networks(wildcards):
    """Networks of all models: which one is selected is known only after the evaluation."""
    return network_files(wildcards, "model.safetensors")


def known_words(wildcards, input):
    """Options for the motifs that those of a dataset are compared with."""
    words = [word for path in input.known for word in ("--database", str(path))]
    if config["explanation"]["jaspar"]:
        words += ["--jaspar", config["explanation"]["jaspar"]]
    return shlex.join(words)
