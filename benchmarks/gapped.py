"""The baseline ``gapped_kmer`` against scikit-learn on the table of all counts.

    python -m benchmarks.gapped [--fasta name label=file label=file …] [--strands both]
        [--repeats 3]

Without ``--fasta``, the bundled splice records. Both fit the same model to fold 0 of five folds:
the baseline as it is, and ``LogisticRegression`` (L-BFGS, ``tol`` 1e-6, which was the baseline
before) on counts of ``count_words``. They take turns in one process, after a first run of the
baseline that compiles; the table has medians of the processor seconds of both fits and all
predictions. Scores are those of the test records.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

from bioseqrnn.baselines import gapped_kmer
from bioseqrnn.baselines.heads import Kind, Linear
from bioseqrnn.baselines.linear import choose_linear
from bioseqrnn.baselines.model import Recipe, Settings, fit_records
from bioseqrnn.baselines.problem import Problem
from bioseqrnn.config.datasets import DatasetOptions
from bioseqrnn.config.folds import FoldsConfig
from bioseqrnn.fasta.sources import Source
from bioseqrnn.stages.folds.run import split_table
from bioseqrnn.stages.sequences.run import encode_sequences
from bioseqrnn.support.arrays import Doubles, Ints
from bioseqrnn.tables.folds import read_roles
from bioseqrnn.tables.sequences import read_sequences

# scores of the validation and of the test records
Both = tuple[Doubles, Doubles]
# rows of training, validation and test records
Roles = tuple[Ints, Ints, Ints]
Method = Callable[[Problem, Roles], Both]

SPLICE = Path(__file__).parents[1] / "resources" / "splice"
HEAD = (
    "| set | records | scikit-learn s | gapped_kmer s | × | largest difference of probabilities "
    "| AUROC before, after | accuracy before, after |"
)


def make_problem(
    files: list[tuple[str, Path]], strands: Literal["single", "both"]
) -> tuple[Problem, Roles]:
    """Encode one FASTA a class, and take fold 0 of five."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        table, folds = folder / "sequences.parquet", folder / "folds.parquet"
        encode_sequences(
            [Source(path, label) for label, path in files],
            table,
            folder / "intake.tsv",
            options=DatasetOptions(alphabet="dna", strands=strands),
            where="benchmark",
        )
        sequences = read_sequences(table)
        split_table(sequences, folds, FoldsConfig(count=5, grouping="duplicates"))
        return Problem(sequences, seed=1), read_roles(folds, sequences, 0)


def explicit(problem: Problem, roles: Roles) -> Both:
    """Fit scikit-learn's models to tables of all counts."""
    train, validation, test = roles
    kept = problem.limited(train, gapped_kmer.MOST_RESIDUES)
    tried: list[Settings] = [
        {"centred": way, "strength": strength}
        for way in (False, True)
        for strength in gapped_kmer.STRENGTHS
    ]
    settings, model = choose_linear(problem, kept, validation, tried, with_scikit_learn)
    both = problem.limited(np.concatenate([train, validation]), gapped_kmer.MOST_RESIDUES)
    second = fit_records(problem, both, with_scikit_learn(settings), settings)
    return model.scores(problem.records(validation)), second.scores(problem.records(test))


def with_scikit_learn(settings: Settings) -> Recipe:
    """The recipe of the baseline, with an estimator of scikit-learn."""
    make = partial(LogisticRegression, C=settings["strength"], max_iter=1000, tol=1e-6)
    recipe = gapped_kmer.recipe(centred=bool(settings["centred"]))
    return replace(recipe, kind=Kind(make, make, Linear.of))


def baseline(problem: Problem, roles: Roles) -> Both:
    """Fit the baseline as a job does."""
    train, validation, test = roles
    settings, model = gapped_kmer.choose(problem, train, validation)
    second = gapped_kmer.fit(problem, np.concatenate([train, validation]), settings)
    return model.scores(problem.records(validation)), second.scores(problem.records(test))


def timed(method: Method, problem: Problem, roles: Roles) -> tuple[float, Both]:
    """Processor seconds, and scores of validation and test records."""
    start = time.process_time()
    both = method(problem, roles)
    return time.process_time() - start, both


def quality(problem: Problem, test: Ints, scores: Doubles) -> tuple[float, float]:
    """AUROC (of more than two classes the mean of each against the others) and accuracy."""
    truth = np.asarray(problem.truth(test))
    ranked = scores if scores.shape[1] > 2 else scores[:, 1]
    auroc = roc_auc_score(truth, ranked, multi_class="ovr")
    return float(auroc), float(np.mean(scores.argmax(axis=1) == truth))


def row(name: str, problem: Problem, roles: Roles, repeats: int) -> str:
    """Run both methods by turns; return a row of the table."""
    baseline(problem, roles)
    before, after = [], []
    for _ in range(repeats):
        before.append(timed(explicit, problem, roles))
        after.append(timed(baseline, problem, roles))
    slow, fast = (float(np.median([s for s, _ in runs])) for runs in (before, after))
    one, other = before[0][1], after[0][1]
    apart = max(float(np.abs(a - b).max()) for a, b in zip(one, other, strict=True))
    (auroc, accuracy), (auroc2, accuracy2) = (
        quality(problem, roles[2], x[1]) for x in (one, other)
    )
    return (
        f"| {name} | {len(problem.table.lengths):,} | {slow:.1f} | {fast:.2f} | {slow / fast:.1f} "
        f"| {apart:.1e} | {auroc:.5f}, {auroc2:.5f} | {accuracy:.4f}, {accuracy2:.4f} |"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fasta", nargs="+", metavar="NAME LABEL=FILE")
    parser.add_argument("--strands", choices=("single", "both"), default="single")
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    name, files = "splice", [(label, SPLICE / f"{label}.fa") for label in ("EI", "IE", "N")]
    if given.fasta:
        name, *pairs = given.fasta
        files = [(label, Path(path)) for label, path in (pair.split("=", 1) for pair in pairs)]
    problem, roles = make_problem(files, given.strands)
    with threadpool_limits(1):
        line = row(name, problem, roles, given.repeats)
    print(HEAD, "|---" * (HEAD.count("|") - 1) + "|", line, sep="\n")


if __name__ == "__main__":
    main()
