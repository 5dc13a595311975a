# Networks of which the selected ones are explained, and known motifs.
import shlex


def attributed_networks(wildcards):
    """Networks of all models: which one is selected is known only after the evaluation."""
    return network_files(wildcards, "model.safetensors")


def known_words(wildcards, input):
    """Options for the motifs that those of a dataset are compared with."""
    words = [word for path in input.known for word in ("--database", str(path))]
    if config["explanation"]["jaspar"]:
        words += ["--jaspar", config["explanation"]["jaspar"]]
    return shlex.join(words)
