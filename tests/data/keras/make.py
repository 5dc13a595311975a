"""Make the Keras models of this folder, and what Keras predicts with them (``expected.json``).

    KERAS_BACKEND=jax keras/bin/python tests/data/keras/make.py    # Keras 3
    keras2/bin/python tests/data/keras/make.py                     # Keras 2, of TensorFlow 2.15

The environments: ``benchmarks/requirements-engine.txt``, and ``pip install
tensorflow-cpu==2.15.1``. Each adds its own models. The weights are random, biases too, so that no
order of gates goes unnoticed.
"""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import numpy as np

try:
    import keras
except ImportError:
    from tensorflow import keras
from keras import layers as L  # noqa: N812

FOLDER = Path(__file__).parent
PROTEIN = "ACDEFGHIKLMNPQRSTVWY"


def models() -> dict[str, tuple[object, str, str]]:
    """By file name: the model, its alphabet, and the letters of its columns or codes."""
    # padded behind, with a mask: what most do with sequences of different lengths
    codes = keras.Input((12,))
    x = L.Embedding(5, 3, mask_zero=True)(codes)
    x = L.Bidirectional(L.LSTM(4, return_sequences=True, dropout=0.1))(x)
    x = L.GlobalAveragePooling1D()(x)
    embedded = keras.Model(codes, L.Dense(2, activation="softmax")(L.Dropout(0.3)(x)))
    masked = keras.Sequential(
        [
            keras.Input((None, 4)),
            L.Masking(),
            L.Bidirectional(L.LSTM(3, return_sequences=True)),
            L.Bidirectional(L.LSTM(3)),
            L.Dense(2),
            L.Activation("softmax"),
        ]
    )
    if keras.__version__.startswith("2."):
        return {"keras2.h5": (masked, "dna", "ACGT"), "keras2.keras": (embedded, "dna", "-ACGT")}
    rnn = keras.Sequential(
        [keras.Input((None, 20)), L.SimpleRNN(3), L.Dense(1, activation="sigmoid")]
    )
    gru = keras.Sequential(
        [
            keras.Input((None, 4)),
            L.Bidirectional(L.GRU(3, return_sequences=True)),
            L.SpatialDropout1D(0.2),
            L.Bidirectional(L.GRU(3, return_sequences=True, use_bias=False)),
            L.GlobalMaxPooling1D(),
            L.Dense(3, activation="softmax"),
        ]
    )
    return {
        "rnn.keras": (rnn, "protein", PROTEIN[::-1]),
        "gru.keras": (gru, "dna", "TCGA"),
        "lstm.keras": (embedded, "dna", "-ACGT"),
        "lstm.h5": (masked, "dna", "ACGT"),
    }


def encoded(model: object, sequence: str, symbols: str, longest: int) -> np.ndarray:
    """Codes or one-hot rows of one sequence, zeros behind it where the model masks."""
    codes = np.array([symbols.index(letter) for letter in sequence])
    if len(model.input_shape) == 2:
        return np.pad(codes, (0, 12 - len(codes)))[None]
    onehot = np.eye(len(symbols), dtype=np.float32)[codes]
    if any(isinstance(layer, L.Masking) for layer in model.layers):
        onehot = np.pad(onehot, ((0, longest - len(onehot)), (0, 0)))
    return onehot[None]


def main() -> None:
    """Write the models, and add to what is expected."""
    rng = np.random.default_rng(1)
    path = FOLDER / "expected.json"
    expected = json.loads(path.read_text()) if path.exists() else {}
    for name, (model, alphabet, symbols) in models().items():
        model.set_weights([rng.normal(0, 0.7, w.shape) for w in model.get_weights()])
        model.save(FOLDER / name)
        if name.endswith(".keras"):
            compress(FOLDER / name)
        letters = symbols.replace("-", "")
        sequences = ["".join(rng.choice(list(letters), length)) for length in (1, 5, 12, 9)]
        rows = [model.predict(encoded(model, s, symbols, 12), verbose=0)[0] for s in sequences]
        expected[name] = {
            "alphabet": alphabet,
            "symbols": symbols,
            "keras": keras.__version__,
            "sequences": sequences,
            "outputs": [[float(value) for value in row] for row in rows],
        }
    path.write_text(json.dumps(expected, indent=1, sort_keys=True) + "\n")


def compress(path: Path) -> None:
    """Keras leaves its archives uncompressed; HDF5 is mostly zeros."""
    loose = path.with_suffix(".loose")
    shutil.move(path, loose)
    with zipfile.ZipFile(loose) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.namelist():
            new.writestr(member, old.read(member))
    loose.unlink()


if __name__ == "__main__":
    main()
