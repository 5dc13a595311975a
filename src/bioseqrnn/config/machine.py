"""Settings of the machine that trains and predicts."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bioseqrnn.config.strict import Strict


class MachineConfig(Strict):
    """What a job computes on."""

    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto",
        description="auto takes a CUDA GPU where there is one; cuda without one stops. Jobs of one "
        "machine take turns on its GPUs; a cluster's are asked for with cuda only.",
    )
    devices: int = Field(
        1,
        ge=1,
        description="Devices of one node that train one network together, each its part of every "
        "batch (docs/training.md). Folds side by side use several GPUs better where there are "
        "as many.",
    )
    nodes: int = Field(
        1, ge=1, description="Nodes that train one network together, started by srun."
    )
    threads: int = Field(
        1,
        ge=1,
        description="CPU threads of one training job. Results depend on it, so it does not follow "
        "--cores; folds run side by side instead.",
    )
