# Networks of which the selected ones are explained.
def attributed_networks(wildcards):
    """Networks of all models: which one is selected is known only after the evaluation."""
    return network_files(wildcards, "model.safetensors")
