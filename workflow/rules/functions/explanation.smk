# What is explained. The Snakefile includes this file before its first rule, whose input it names.
import shlex
from importlib.util import find_spec


def explained_datasets():
    """Datasets of which records, or residues where a class begins, are attributed."""
    return [] if config["explanation"]["method"] == "none" else list(DATASETS)


def genomes(dataset):
    """FASTA files that records of a dataset are cut from by intervals."""
    files = [f for row in DATASETS[dataset] if "intervals" in row for f in row["files"]]
    return list(dict.fromkeys(files))


def explanation_results():
    """Targets of a default run: the tested motifs, and tracks where all windows are of one genome."""
    explained = explained_datasets()
    on_genome = [name for name in explained if len(genomes(name)) == 1]
    return [
        *expand(
            f"{RESULTS}/{{dataset}}/{declared.explanation.MOTIF_TESTS.path}",
            dataset=explained,
        ),
        *expand(
            f"{RESULTS}/{{dataset}}/{declared.explanation.TRACKS}", dataset=on_genome
        ),
    ]


def explained_genome(wildcards):
    """The genome of a dataset with tracks."""
    return [as_input(path) for path in genomes(wildcards.dataset)]


def explanation_settings(*names):
    """Some of the settings as sorted JSON: only the jobs that use a setting are run again for it."""
    return sorted_json({name: config["explanation"][name] for name in names})


def attributed_networks(wildcards):
    """Networks of all models: which one is selected is known only after the evaluation."""
    return network_files(wildcards, "model.safetensors")


def known_words(wildcards, input):
    """Options for the motifs that those of a dataset are compared with."""
    words = [word for path in input.known for word in ("--database", str(path))]
    if config["explanation"]["jaspar"]:
        words += ["--jaspar", config["explanation"]["jaspar"]]
    return shlex.join(words)


def calibration_words(wildcards, input):
    """The temperatures as an option; none for networks that are not calibrated."""
    path = input.get("temperatures")
    return ["--temperatures", path] if path else []


def permuted_fold(wildcards):
    """The fold that a network with permuted labels leaves out: one after the other."""
    folds = folds_of(wildcards.dataset)
    return folds[(int(wildcards.number) - 1) % len(folds)]


def permuted_attributions(wildcards):
    """Attributions by the networks that were trained on permuted labels."""
    folder = f"{RESULTS}/{wildcards.dataset}/explanation/permuted"
    return [
        f"{folder}/{number}/{declared.explanation.ATTRIBUTIONS.file}"
        for number in range(1, config["explanation"]["permuted"] + 1)
    ]


def permuted_words(wildcards, input):
    """The same as options."""
    return [word for path in input.permuted for word in ("--permuted", path)]


def refuse_missing_jaspar():
    """Stop before any job if the motifs of JASPAR are asked for and pyjaspar is not installed.

    Jobs with an environment of their own, such as conda's, may have it; they check it themselves.
    """
    if not config["explanation"]["jaspar"] or not explained_datasets():
        return
    elsewhere_installed = workflow.deployment_settings.deployment_method
    if elsewhere_installed or not find_spec("bioseqrnn") or find_spec("pyjaspar"):
        return
    stop(
        f"{ORIGINS.at('explanation', 'jaspar')}: explanation.jaspar: pyjaspar is not installed; "
        "install it with pip install 'bioseqrnn[jaspar]', or name files of motifs in motif_files "
        "instead"
    )


refuse_missing_jaspar()
