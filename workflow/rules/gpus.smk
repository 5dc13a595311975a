# GPUs of this machine: at most one job per GPU at a time, unless the user sets another limit.
import functools
import os
import re
import shutil
import subprocess


@functools.cache
def gpus_here():
    """Number of GPUs that jobs on this machine may use."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        names = visible.split(",")
        # names after -1 are hidden
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


# True if jobs run on this machine: executors of clusters and clouds set the number of nodes
LOCAL = workflow.nodes is None

# the limit for jobs at a time, if the user has not set it (--resources gpu=2)
if LOCAL and workflow.is_main_process and config["device"] != "cpu" and gpus_here():
    if "gpu" not in workflow.global_resources:
        workflow.register_resource("gpu", gpus_here())


def gpus(count=1):
    """The resource gpu of a job: requested from a cluster, or shared between jobs on this machine.

    Without a GPU the resource is omitted: the executor for Kubernetes would treat 0 as a request.
    With device: auto, only jobs on this machine request a GPU, since the workflow does not know the
    nodes of a cluster.
    """
    if config["device"] == "auto":
        count = min(count, gpus_here()) if LOCAL else 0
    return {"gpu": count} if count and config["device"] != "cpu" else {}
