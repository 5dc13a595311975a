# What is explained. The Snakefile includes this file before its first rule, whose input it names.
import shlex


def explained_datasets():
    """Datasets of which records are attributed: a network of residues has no output of a record."""
    if config["explanation"]["method"] == "none":
        return []
    options = config["dataset_options"]
    tasks = {name: chosen.get("task") for name, chosen in options.items()}
    return [name for name in DATASETS if tasks.get(name) != "per_position"]


def genomes(dataset):
    """FASTA files that records of a dataset are cut from by intervals."""
    files = [f for row in DATASETS[dataset] if "intervals" in row for f in row["files"]]
    return list(dict.fromkeys(files))


def explanation_results():
    """Targets of a default run: the motifs, and tracks where all windows are of one genome."""
    explained = explained_datasets()
    on_genome = [name for name in explained if len(genomes(name)) == 1]
    return [
        *expand(
            f"{RESULTS}/{{dataset}}/{declared.explanation.MOTIFS.path}",
            dataset=explained,
        ),
        *expand(
            f"{RESULTS}/{{dataset}}/{declared.explanation.TRACKS}", dataset=on_genome
        ),
    ]


def explained_genome(wildcards):
    """The genome of a dataset with tracks."""
    return [as_input(path) for path in genomes(wildcards.dataset)]


def attributed_networks(wildcards):
    """Networks of all models: which one is selected is known only after the evaluation."""
    return network_files(wildcards, "model.safetensors")


def known_words(wildcards, input):
    """Options for the motifs that those of a dataset are compared with."""
    words = [word for path in input.known for word in ("--database", str(path))]
    if config["explanation"]["jaspar"]:
        words += ["--jaspar", config["explanation"]["jaspar"]]
    return shlex.join(words)
