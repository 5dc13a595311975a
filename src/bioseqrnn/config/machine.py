"""Settings of the machine that trains and predicts."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bioseqrnn.config.strict import Strict


class MachineConfig(Strict):
    """What a job computes on."""

    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto",
        description="auto: a CUDA GPU where there is one; cuda: a CUDA GPU, and an error where "
        "there is none. Jobs of one machine take turns on its GPUs. GPUs of a cluster are "
        "requested with cuda only.",
    )
    devices: int = Field(
        1,
        ge=1,
        description="Devices of one node that train one network together; each has its part of "
        "every batch (docs/training.md). Where there are as many folds as GPUs, training folds "
        "at the same time is faster.",
    )
    nodes: int = Field(
        1, ge=1, description="Nodes that train one network together, started by srun."
    )
    threads: int = Field(
        1,
        ge=1,
        description="CPU threads of one training job. Results depend on their number, so it "
        "does not follow --cores; folds are trained at the same time instead.",
    )
