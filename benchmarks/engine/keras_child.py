"""One Keras network, trained and asked on command; runs where Keras is, without bioseqrnn.

Lines in: first the case as JSON, then ``train`` or ``predict``. Lines out: first the versions as
JSON, then ``done`` after each. The backend is that of the environment's ``KERAS_BACKEND``.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import numpy as np


def build(case: dict[str, int | str]) -> Any:
    """The same network and optimiser as in ``networks.py``."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(1)
    cell = {"rnn": layers.SimpleRNN, "gru": layers.GRU, "lstm": layers.LSTM}[case["cell"]]
    model = keras.Sequential(
        [
            keras.Input((case["length"], 4)),
            layers.Bidirectional(cell(case["hidden"], return_sequences=True)),
            layers.GlobalMaxPooling1D(),
            layers.Dense(1),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.AdamW(learning_rate=1e-3, weight_decay=0.01),
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
        jit_compile=True,
    )
    return model


def main() -> None:
    """Answer until there is no more input."""
    case = json.loads(sys.stdin.readline())
    # what the libraries print must not get between the answers
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    import keras

    model = build(case)
    rng = np.random.default_rng(2)
    x = np.eye(4, dtype=np.float32)[rng.integers(0, 4, (case["batch"], case["length"]))]
    y = rng.integers(0, 2, (case["batch"], 1)).astype(np.float32)
    backend = __import__(keras.backend.backend())
    versions = {"keras": keras.__version__, "backend": f"{backend.__name__} {backend.__version__}"}
    print(json.dumps(versions), file=answers, flush=True)
    jobs = {
        "train": lambda: model.train_on_batch(x, y),
        "predict": lambda: model.predict_on_batch(x),
    }
    for line in sys.stdin:
        # both give numbers back, so the work is done when they return
        jobs[line.strip()]()
        print("done", file=answers, flush=True)


if __name__ == "__main__":
    main()
