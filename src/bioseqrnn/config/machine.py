"""Settings of the machine that trains and predicts."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bioseqrnn.config.strict import Strict


class MachineConfig(Strict):
    """What a job computes on."""

    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto",
        description="auto: a CUDA GPU if there is one; cuda: a CUDA GPU, or an error if there is "
        "none. Jobs on one machine take turns on its GPUs. GPUs of a cluster are requested only "
        "with cuda.",
    )
    devices: int = Field(
        1,
        ge=1,
        description="Devices of one node that train one network together; each processes a part of "
        "every batch (docs/training.md). If there are as many folds as GPUs, training folds at the "
        "same time is faster.",
    )
    nodes: int = Field(
        1, ge=1, description="Nodes that train one network together, started by srun."
    )
    threads: int = Field(
        1,
        ge=1,
        description="CPU threads of one training job. Results depend on their number, so it is "
        "independent of --cores; folds are trained at the same time instead.",
    )
