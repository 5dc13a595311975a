# Trained networks, and the resources of a training.
def training_threads():
    """CPU threads of a training: for all devices of one node, or for each process of srun."""
    return config["threads"] * (config["devices"] if config["nodes"] == 1 else 1)


def several_nodes():
    """Resources of a training on several nodes, in the form of Snakemake's SLURM executor."""
    if config["nodes"] == 1:
        return {}
    tasks = {"tasks": config["nodes"] * config["devices"]}
    return tasks | {"nodes": config["nodes"], "mpi": "srun"}


def launcher():
    """Command that starts the processes on several nodes; empty for one node."""
    if config["nodes"] == 1:
        return ""
    return f"srun --nodes={config['nodes']} --ntasks-per-node={config['devices']}"


def network_files(wildcards, name):
    """One output of train_model for all models, folds and seeds of a dataset."""
    return expand(
        f"{RESULTS}/{wildcards.dataset}/models/{{model}}/fold-{{fold}}/seed-{{seed}}/{name}",
        model=NETWORKS,
        fold=folds_of(wildcards.dataset),
        seed=config["seeds"],
    )
