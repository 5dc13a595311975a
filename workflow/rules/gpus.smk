# GPUs of this machine: as many jobs at a time as there are, and never two on one.
import functools
import os
import shutil
import subprocess


@functools.cache
def gpus_here():
    """How many GPUs jobs on this machine may use."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        names = visible.split(",")
        # what follows -1 is hidden
        names = names[: names.index("-1")] if "-1" in names else names
        return len([name for name in names if name.strip()])
    if shutil.which("nvidia-smi") is None:
        return 0
    done = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True)
    return done.stdout.count("GPU ") if done.returncode == 0 else 0


@functools.cache
def limit_gpus():
    """Say once how many there are, where the user has not (--resources gpu=2)."""
    if workflow.is_main_process and "gpu" not in workflow.global_resources:
        if gpus_here():
            workflow.register_resource("gpu", gpus_here())


def gpus(count=1):
    """The resource gpu of a job: what it asks a cluster for, and what jobs here share out.

    With device: auto only jobs of this machine ask, for what is there; of a cluster's nodes the
    workflow cannot know.
    """

    def asked(wildcards):
        if config["device"] == "cpu":
            return 0
        if not workflow.local_exec:
            return count if config["device"] == "cuda" else 0
        limit_gpus()
        return count if config["device"] == "cuda" else min(count, gpus_here())

    return asked
