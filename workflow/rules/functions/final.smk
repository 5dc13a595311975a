# Members of the final model.
# the network that is selected, whichever it is
SELECTED_NETWORK = "selected"


def combined_names(dataset):
    """Names of the models and baselines that are combined; the default if there is no list."""
    if config["combine"] is None:
        baselines = choices.informed(baselines_of(dataset), choices.BASELINES)
        return [SELECTED_NETWORK, *baselines]
    return scored.for_dataset(config["combine"], config, dataset)


def final_members(dataset):
    """The same, for the final model: with one member or none, it is the selected network."""
    names = combined_names(dataset)
    if config["final"] == "network" or len(names) < 2:
        return [SELECTED_NETWORK]
    return names


def final_networks(wildcards):
    return [
        f"{RESULTS}/{wildcards.dataset}/final/networks/{name}.safetensors"
        for name in final_members(wildcards.dataset)
        if name not in choices.BASELINES
    ]


def final_baselines(wildcards):
    return [
        f"{RESULTS}/{wildcards.dataset}/final/baselines/{name}.safetensors"
        for name in final_members(wildcards.dataset)
        if name in choices.BASELINES
    ]


def final_network_words(wildcards):
    """The network's name as an argument of the command line; none for the selected one."""
    return [] if wildcards.model == SELECTED_NETWORK else ["--model", wildcards.model]
