"""Records with planted words, and contributions as a perfect network would give them."""

from __future__ import annotations

import numpy as np

from bioseqrnn.motifs.seqlets import Encoded

DNA, PROTEIN = "ACGT", "ACDEFGHIKLMNPQRSTVWY"


def planted(
    words, symbols=DNA, *, n=200, length=(60, 90), both=False, place=None, share=0.8, seed=1
):
    """Return records, contributions float32 [residues, 1], and where each word was planted.

    The first half of the records has each word with probability ``share``; ``.`` in a word is any
    residue. Its residues contribute about 0.5 each, all other residues noise of 0.1.
    """
    rng = np.random.default_rng(seed)
    codes, values, truth = [], [], {word: [] for word in words}
    for record in range(n):
        size = int(rng.integers(length[0], length[1] + 1))
        letters = rng.choice(list(symbols), size)
        value = rng.normal(0, 0.1, size)
        used = np.zeros(size, bool)
        for word in words if record < n // 2 else ():
            start = int(rng.integers(0, size - len(word) + 1)) if place is None else place
            if rng.random() > share or used[start : start + len(word)].any():
                continue
            used[start : start + len(word)] = True
            text, strand = word, 0
            if both and rng.random() < 0.5:
                text, strand = word[::-1].translate(str.maketrans("ACGT", "TGCA")), 1
            for i, letter in enumerate(text):
                if letter != ".":
                    letters[start + i] = letter
                    value[start + i] += 0.5 * rng.lognormal(0, 0.3)
            truth[word].append((record, start, strand))
        codes.append(np.array([symbols.index(x) for x in letters], np.uint8))
        values.append(value)
    offsets = np.cumsum([0, *map(len, codes)])
    records = Encoded(np.concatenate(codes), offsets, len(symbols), both)
    return records, np.concatenate(values).astype(np.float32)[:, None], truth


def spelled(motif, symbols=DNA):
    """Most frequent residue of each column of a motif, ``.`` where none has a third."""
    best = motif.frequencies.argmax(axis=1)
    tall = motif.frequencies.max(axis=1)
    return "".join(symbols[i] if share > 0.34 else "." for i, share in zip(best, tall, strict=True))
