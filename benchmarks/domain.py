"""The domain of a model on records that are and are not like its training records.

    python -m benchmarks.domain results/acp results/splice

In each fold the domain is fitted to the records of the other folds, with their own folds as
held-out records, and judges the records of the fold: as they are, and changed. ``shuffled`` records
keep length and composition, ``random`` ones the length. The table of docs/domain.md is printed:
fractions of the records that are inside, at the edge, and outside.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np

from bioseqrnn.domain.card import DomainCard
from bioseqrnn.domain.fit import fit_domain
from bioseqrnn.domain.judge import Domain
from bioseqrnn.fasta.records import pack_records
from bioseqrnn.onehot.alphabet import Alphabet
from bioseqrnn.onehot.decoding import letters
from bioseqrnn.onehot.packing import Packed
from bioseqrnn.support.arrays import Ints
from bioseqrnn.tables.folds import read_first_test
from bioseqrnn.tables.sequences import read_sequences

SHORT = 3
Change = Callable[[str, Alphabet, np.random.Generator], str]


def _shuffled(text: str, _alphabet: Alphabet, rng: np.random.Generator) -> str:
    return "".join(rng.permutation(list(text)))


def _random(text: str, alphabet: Alphabet, rng: np.random.Generator) -> str:
    return "".join(rng.choice(list(alphabet.symbols), len(text)))


CHANGES: dict[str, Change] = {
    "held out": lambda text, _alphabet, _rng: text,
    "shuffled": _shuffled,
    "random": _random,
    "first half of each": lambda text, _alphabet, _rng: text[: max(1, len(text) // 2)],
    "each twice in a row": lambda text, _alphabet, _rng: text * 2,
    f"the first {SHORT} residues": lambda text, _alphabet, _rng: text[:SHORT],
}


def packed_of(texts: list[str], alphabet: Alphabet) -> Packed:
    """Sequences as ``encode`` packs them."""
    ids = [str(number) for number in range(len(texts))]
    return pack_records(Path("memory"), ids, texts, alphabet).packed


def measured(results: Path, seed: int = 1) -> dict[str, Ints]:
    """Numbers of records inside, at the edge and outside, by the kind of record.

    Parameters
    ----------
    results : Path
        Folder of a dataset, with ``sequences.parquet`` and ``folds.parquet``.
    seed : int
        For shuffled and random records.
    """
    table = read_sequences(results / "sequences.parquet")
    folds = read_first_test(results / "folds.parquet", table.file)
    alphabet, both = table.alphabet, table.metadata["strands"] == "both"
    texts = list(letters(table.packed, np.arange(len(table)), alphabet))
    rng = np.random.default_rng(seed)
    counts = {name: np.zeros(3, np.int64) for name in CHANGES}
    for fold in np.unique(folds[folds >= 0]):
        rest, own = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        known = packed_of([texts[row] for row in rest], alphabet)
        fitted = fit_domain(lambda known=known: [known], folds[rest], alphabet, both)  # type: ignore[misc]
        domain = Domain(DomainCard.model_validate(fitted.card), fitted.words, alphabet, both)
        for name, change in CHANGES.items():
            new = packed_of([change(texts[row], alphabet, rng) for row in own], alphabet)
            counts[name] += np.bincount(domain.judge(new).levels, minlength=3)[:3]
    return counts


def main() -> None:
    """Print the table for some datasets."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", nargs="+", type=Path)
    folders = parser.parse_args().results
    found = {folder.name: measured(folder) for folder in folders}
    heads = [f"{name}: inside, edge, outside" for name in found]
    print(f"| records | {' | '.join(heads)} |\n|{'---|' * (len(found) + 1)}")
    for change in CHANGES:
        cells = []
        for counts in found.values():
            shares = 100 * counts[change] / counts[change].sum()
            cells.append(", ".join(f"{share:.1f} %" for share in shares))
        print(f"| {change} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
