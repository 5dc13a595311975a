"""Sets of records with planted motifs, made from a random generator.

DNA: 150 bases, both strands, 1 to 3 motifs (10 factors in all). 20 % of the positives have no
motif; each other one has each motif of the set with probability 0.7, and one at least. Negatives
are dinucleotide shuffles of the positives' background. A decoy, a motif of another factor, is in
30 % of all records. Pairs: two motifs at one distance in 60 % of the positives that have a motif,
one of them in the others. Proteins: patterns like those of PROSITE in 60 to 100 random residues.
Fixed places: peptides and 60 bases in which some positions decide.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bioseqrnn.motifs.tomtom import Entry
from bioseqrnn.onehot.alphabet import ALPHABETS
from bioseqrnn.onehot.shuffle import shuffle

DNA, PROTEIN = (ALPHABETS[name].symbols for name in ("dna", "protein"))
FACTORS = (
    ("CTCF",),
    ("TP53",),
    ("GATA1", "SP1"),
    ("NFYA", "MAX", "STAT1"),
    ("FOXA2", "CEBPA", "ETS1"),
)
DECOY = "REST"
# as in PROSITE: the P-loop, N-glycosylation, part of the C2H2 zinc finger, RGD, the ER signal
PATTERNS = (("[AG]....GK[ST]",), ("N.[ST]",), ("C..C...[LIVM]",), ("RGD", "[KR].[LI]..[FY]"))
PLACES = {
    "9-mers, anchors 2 and 9": (PROTEIN, 9, {1: "LM", 8: "VL"}),
    "8-mers, positions 4 and 5": (PROTEIN, 8, {3: "FY", 4: "PL"}),
    "60 bases, GT at 31": (
        DNA,
        60,
        {27: "CA", 28: "A", 29: "G", 30: "G", 31: "T", 32: "AG", 33: "A"},
    ),
}
PAIRS = ((("GATA1", "MAX"), False), (("CEBPA", "ETS1"), True))
WITHOUT, HELD, DECOYED, NOISE = 0.2, 0.7, 0.3, 0.9
# share of the positives with motifs that have them at the distance, and residues between the two
PAIRED, BETWEEN, JITTER = 0.6, 10, 1


@dataclass(frozen=True)
class Made:
    """One set: its records, and the matrices that were planted, by name."""

    name: str
    positives: list[str]
    negatives: list[str]
    planted: dict[str, np.ndarray]
    symbols: str
    both: bool
    # first positions of motifs at fixed places
    places: tuple[int, ...] = ()
    # planted together: residues between the two motifs, and whether they are on opposite strands
    spacing: tuple[int, bool] | None = None


def word(rng: np.random.Generator, matrix: np.ndarray, symbols: str) -> str:
    """Draw a word from a matrix."""
    return "".join(rng.choice(list(symbols), p=row / row.sum()) for row in matrix)


def plant(rng: np.random.Generator, text: str, piece: str, used: list[tuple[int, int]]) -> str:
    """Put a word at a random place that has no other one."""
    for _ in range(100):
        start = int(rng.integers(0, len(text) - len(piece) + 1))
        if all(start + len(piece) <= a or start >= b for a, b in used):
            used.append((start, start + len(piece)))
            return text[:start] + piece + text[start + len(piece) :]
    return text


def reverse_complement(text: str) -> str:
    """Return the other strand."""
    return text[::-1].translate(str.maketrans(DNA, DNA[::-1]))


def dna_set(
    rng: np.random.Generator, names: tuple[str, ...], known: dict[str, Entry], n: int
) -> Made:
    """Positives with motifs of some factors, and shuffled negatives."""
    decoy = known[DECOY].frequencies
    positives, negatives = [], []
    shares = rng.dirichlet([20] * 4, n // 2)
    for number in range(n // 2):
        text = "".join(rng.choice(list(DNA), 150, p=shares[number]))
        negatives.append(shuffle(text, 2, int(rng.integers(2**31))))
        used: list[tuple[int, int]] = []
        if rng.random() >= WITHOUT:
            held = [name for name in names if rng.random() < HELD] or [str(rng.choice(names))]
            for name in held:
                piece = word(rng, known[name].frequencies, DNA)
                text = plant(
                    rng, text, piece if rng.random() < 0.5 else reverse_complement(piece), used
                )
        positives.append(text)
        for texts in (positives, negatives):
            if rng.random() < DECOYED:
                texts[-1] = plant(
                    rng, texts[-1], word(rng, decoy, DNA), used if texts is positives else []
                )
    planted = {name: known[name].frequencies for name in names}
    return Made(" + ".join(names), positives, negatives, planted, DNA, True)


def matrix_of(pattern: str) -> np.ndarray:
    """A pattern such as ``[AG]..K`` as frequencies of residues."""
    rows, at = [], 0
    while at < len(pattern):
        end = pattern.index("]", at) + 1 if pattern[at] == "[" else at + 1
        letters = pattern[at:end].strip("[]")
        rows.append([float(letters == "." or s in letters) for s in PROTEIN])
        at = end
    matrix = np.array(rows)
    return matrix / matrix.sum(axis=1, keepdims=True)


def protein_set(rng: np.random.Generator, patterns: tuple[str, ...], n: int) -> Made:
    """Random proteins, with patterns in 80 % of the positives."""
    planted = {pattern: matrix_of(pattern) for pattern in patterns}
    groups: tuple[list[str], list[str]] = ([], [])
    for positive, texts in zip((True, False), groups, strict=True):
        for _ in range(n // 2):
            text = "".join(rng.choice(list(PROTEIN), rng.integers(60, 101)))
            if positive and rng.random() >= WITHOUT:
                used: list[tuple[int, int]] = []
                held = [p for p in patterns if rng.random() < HELD] or [str(rng.choice(patterns))]
                for pattern in held:
                    text = plant(rng, text, word(rng, planted[pattern], PROTEIN), used)
            texts.append(text)
    return Made(" + ".join(patterns), *groups, planted, PROTEIN, False)


def place_set(rng: np.random.Generator, name: str, n: int) -> Made:
    """Records in which residues at fixed places decide; each is right with probability 0.9."""
    symbols, length, wanted = PLACES[name]
    groups: tuple[list[str], list[str]] = ([], [])
    for positive, texts in zip((True, False), groups, strict=True):
        for _ in range(n // 2):
            residues = rng.choice(list(symbols), length)
            if positive and rng.random() >= WITHOUT:
                for place, letters in wanted.items():
                    if rng.random() < NOISE:
                        residues[place] = rng.choice(list(letters))
            texts.append("".join(residues))
    return Made(name, *groups, {}, symbols, False, tuple(wanted))


def pair_set(
    rng: np.random.Generator,
    names: tuple[str, str],
    opposite: bool,
    known: dict[str, Entry],
    n: int,
) -> Made:
    """Positives with two motifs at one distance, or with one of them; shuffled negatives."""
    matrices = [known[name].frequencies for name in names]
    positives, negatives = [], []
    for _ in range(n // 2):
        text = "".join(rng.choice(list(DNA), 150))
        negatives.append(shuffle(text, 2, int(rng.integers(2**31))))
        text = shuffle(text, 2, int(rng.integers(2**31)))
        first, second = (word(rng, matrix, DNA) for matrix in matrices)
        if rng.random() < PAIRED:
            between = BETWEEN + int(rng.integers(-JITTER, JITTER + 1))
            spacer = "".join(rng.choice(list(DNA), between))
            piece = first + spacer + (reverse_complement(second) if opposite else second)
        else:
            piece = first if rng.random() < 0.5 else second
        if rng.random() < 0.5:
            piece = reverse_complement(piece)
        positives.append(plant(rng, text, piece, []) if rng.random() >= WITHOUT else text)
    planted = dict(zip(names, matrices, strict=True))
    name = f"{' + '.join(names)}, {BETWEEN} ± {JITTER} between"
    return Made(name, positives, negatives, planted, DNA, True, spacing=(BETWEEN, opposite))
