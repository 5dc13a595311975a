# GPUs of this machine: as many jobs at a time as there are, unless the user says otherwise.
import functools
import os
import re
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
    return (
        len(re.findall("^GPU ", done.stdout, re.MULTILINE))
        if done.returncode == 0
        else 0
    )


# jobs run on this machine: executors of clusters and clouds count jobs in nodes
LOCAL = workflow.nodes is None

# how many at a time, where the user has not said it (--resources gpu=2)
if LOCAL and workflow.is_main_process and config["device"] != "cpu" and gpus_here():
    if "gpu" not in workflow.global_resources:
        workflow.register_resource("gpu", gpus_here())


def gpus(count=1):
    """The resource gpu of a job: what it asks a cluster for, and what jobs here share out.

    Without a GPU the resource is left out: the executor for Kubernetes would take a 0 for a
    request. With device: auto only jobs of this machine ask for a GPU, since the workflow does not
    know the nodes of a cluster.
    """
    if config["device"] == "auto":
        count = min(count, gpus_here()) if LOCAL else 0
    return {"gpu": count} if count and config["device"] != "cpu" else {}
