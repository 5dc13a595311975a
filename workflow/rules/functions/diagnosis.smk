# Networks whose gradients are measured.
def first_models(wildcards):
    """One trained network per model: that of the first fold and seed."""
    return expand(
        f"{RESULTS}/{wildcards.dataset}/models/{{model}}/fold-0/seed-{{seed}}/model.safetensors",
        model=NETWORKS,
        seed=config["seeds"][0],
    )
