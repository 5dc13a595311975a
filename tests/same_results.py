"""Run two checkouts on the same projects and compare every result: same values, same files.

``python tests/same_results.py OLD NEW WORK`` runs the default workflow and small projects of every
task in both checkouts, with the environment of this interpreter, and prints each difference.
``--compare`` compares the results that are in WORK already.

It is a tool for a change of structure, which must not change results. Compared are the data and
metadata of Parquet files, the text of tables, the tensors and headers of networks, and the JSON of
selections. Versions of code and checksums of other files that record them are left out.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from safetensors import safe_open

# entries of JSON that tell versions, not results
VERSIONS = {"versions", "code", "format"}
COMPARED = (".parquet", ".tsv", ".gz", ".safetensors", ".json")
# the manifest lists files and their checksums: it follows from the others
LEFT_OUT = ("manifest.json",)
TINY = {"hidden_size": 6, "stem_filters": 6, "epochs": 2}
SIDES = {"EI": "E" * 30 + "I" * 30, "IE": "I" * 30 + "E" * 30, "N": "N" * 60}
SITES = {"EI": "junction;donor", "IE": "junction;acceptor", "N": ""}
CHARGES = {"K": 1, "R": 1, "D": -1, "E": -1}


def bundled(resources: Path, name: str, count: int) -> list[tuple[str, str]]:
    """(id, sequence) of the first bundled records of a file."""
    records = (resources / f"{name}.fa").read_text().split(">")[1 : count + 1]
    return [(text.split()[0], "".join(text.split("\n")[1:])) for text in records]


def write_fasta(path: Path, records: list[tuple[str, str]]) -> None:
    """Write records, a line each."""
    path.write_text("".join(f">{name}\n{sequence}\n" for name, sequence in records))


def write_sheet(path: Path, *rows: str) -> None:
    """Write rows of words as a TSV."""
    path.write_text("".join("\t".join(row.split()) + "\n" for row in rows))


def make_classes(folder: Path, resources: Path) -> dict[str, Any]:
    """Two datasets of classes: search, learning curve, random folds, transfer, every method."""
    for name in ("acp/ACP", "acp/Random", "splice/EI", "splice/IE", "splice/N"):
        write_fasta(folder / f"data/{Path(name).name}.fa", bundled(resources, name, 40))
    shutil.copy(resources / "splice/query.fa", folder / "data/query.fa")
    write_sheet(
        folder / "config/datasets.tsv",
        "dataset fasta label",
        *(f"pep data/{name}.fa {name}" for name in ("ACP", "Random")),
        *(f"dna data/{name}.fa {name}" for name in ("EI", "IE", "N")),
        "made data/ACP.fa ACP",
    )
    write_sheet(folder / "config/queries.tsv", "query dataset fasta", "new dna data/query.fa")
    return {
        "dataset_options": {
            "pep": {"positive": "ACP"},
            "made": {"positive": "ACP", "negatives": {"method": "shuffle"}},
        },
        "folds": {"count": 2},
        "models": {name: {"cell": name, **TINY} for name in ("rnn", "gru", "lstm")},
        "baselines": [
            "majority", "composition", "kmer_logistic", "gapped_kmer", "gradient_boosting",
            "pwm", "cnn",
        ],
        "evaluation": {
            "bootstrap": 100,
            "learning_curve": {"models": ["gru", "composition"], "fractions": [0.5]},
        },
        "search": {
            "models": ["gru"], "trials": 3, "workers": 1, "inner_folds": 2,
            "space": {"hidden_size": {"low": 2, "high": 8}},
        },
        "transfer": {"kinds": ["pep", "made"]},
    }  # fmt: skip


def make_tasks(folder: Path, resources: Path) -> dict[str, Any]:
    """A dataset of every task but classification."""
    data = folder / "data"
    exons = {name: bundled(resources, f"splice/{name}", 40) for name in SIDES}
    text = ""
    for contig in range(4):
        names = [list(SIDES)[place % 3] for place in range(15)]
        bases = "".join(exons[name][5 * contig + place // 3][1] for place, name in enumerate(names))
        text += f">contig{contig}\n{bases}\n{''.join(SIDES[name] for name in names)}\n"
    (data / "sides.txt").write_text(text)
    (data / "contig.fa").write_text("\n".join(text.split("\n")[:2]) + "\n")
    sites = [(name, bases, SITES[kind]) for kind in SITES for name, bases in exons[kind]]
    peptides = bundled(resources, "acp/ACP", 60) + bundled(resources, "acp/Random", 60)
    charge = [(n, s, sum(CHARGES.get(letter, 0) for letter in s)) for n, s in peptides]
    for name, rows in (("sites", sites), ("charge", charge)):
        write_fasta(data / f"{name}.fa", [row[:2] for row in rows])
        labels = "".join(f"{row[0]}\t{row[2]}\n" for row in rows)
        (data / f"{name}.tsv").write_text("id\tlabel\n" + labels)
    shutil.copy(resources / "splice/query.fa", data / "query.fa")
    write_fasta(data / "ACP.fa", peptides[:40])
    (folder / "config/datasets.tsv").write_text(
        "dataset\tfasta\tlabels\nsides\tdata/sides.txt\t\n"
        "sites\tdata/sites.fa\tdata/sites.tsv\ncharge\tdata/charge.fa\tdata/charge.tsv\n"
    )
    write_sheet(
        folder / "config/queries.tsv",
        "query dataset fasta",
        "contig sides data/contig.fa",
        "new sites data/query.fa",
        "more charge data/ACP.fa",
    )
    reading = {"window": 60, "window_overlap": 20, "residues_per_step": 3}
    return {
        "dataset_options": {
            "sides": {"task": "per_position", "alphabet": "dna", "block": 100},
            "sites": {"task": "multilabel", "alphabet": "dna"},
            "charge": {"task": "regression", "alphabet": "protein"},
        },
        "folds": {"count": 2},
        "models": {name: {"cell": name, **TINY, **reading} for name in ("gru", "lstm")},
        "baselines": ["majority", "composition", "kmer_logistic"],
        "evaluation": {"bootstrap": 100},
    }


PROJECTS = {"classes": make_classes, "tasks": make_tasks}


def run(checkout: Path, work: Path, default: bool) -> None:
    """Run all projects with the code of a checkout; results lie in ``work/{project}/results``."""
    environment = os.environ | {"PYTHONPATH": str(checkout / "src")}
    for name, make in PROJECTS.items():
        folder = work / name
        for part in ("config", "data"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        config = make(folder, checkout / "resources")
        (folder / "config/config.yaml").write_text(yaml.safe_dump(config))
        snakemake(checkout, folder, environment)
    if default:
        (work / "default").mkdir(exist_ok=True)
        for part in ("config", "resources"):
            shutil.copytree(checkout / part, work / "default" / part, dirs_exist_ok=True)
        snakemake(checkout, work / "default", environment)


def snakemake(checkout: Path, folder: Path, environment: dict[str, str]) -> None:
    """Run the workflow of a checkout in a folder."""
    words = [sys.executable, "-m", "snakemake", "--cores", "2", "--snakefile"]
    log = folder / "log.txt"
    print(f"{folder}: running, see {log}", flush=True)
    with log.open("w") as out:
        done = subprocess.run(
            [*words, str(checkout / "workflow/Snakefile")],
            cwd=folder, env=environment, stdout=out, stderr=out, check=False,
        )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"{folder}: snakemake failed, see {log}")


def content(path: Path) -> Any:
    """What a file holds, without versions of code: comparable by ==."""
    if path.suffix == ".parquet":
        table = pq.read_table(path)
        metadata = dict(table.schema.metadata or {})
        about = metadata.get(b"bioseqrnn", b"{}")
        sink = pa.BufferOutputStream()
        plain = table.replace_schema_metadata(None).combine_chunks()
        with pa.ipc.new_stream(sink, plain.schema) as stream:
            stream.write_table(plain)
        return [without(json.loads(about)), sink.getvalue().to_pybytes()]
    if path.suffix == ".safetensors":
        with safe_open(path, "np") as file:
            tensors = {key: file.get_tensor(key).tobytes() for key in file.keys()}  # noqa: SIM118
            header = {k: without(json.loads(v)) for k, v in (file.metadata() or {}).items()}
        return [tensors, header]
    if path.suffix == ".json":
        return without(json.loads(path.read_text()))
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def without(value: Any) -> Any:
    """The same JSON without versions of code."""
    if isinstance(value, dict):
        return {key: without(inner) for key, inner in value.items() if key not in VERSIONS}
    return [without(inner) for inner in value] if isinstance(value, list) else value


def results_of(folder: Path) -> dict[str, Path]:
    """Every result that is compared, by its path in the folder."""
    return {
        str(path.relative_to(folder)): path
        for path in sorted(folder.glob("*/results/**/*"))
        if path.suffix in COMPARED
        and path.name not in LEFT_OUT
        # measured times, and versions
        and not {"benchmarks", "logs"} & set(path.parts)
        and "provenance" not in path.name
    }


def compare(old: Path, new: Path, renamed: dict[str, str]) -> int:
    """Print what differs between two folders of projects; return how many files do.

    ``renamed`` are parts of old paths with what stands there in new ones.
    """
    before, after = results_of(old), results_of(new)
    for part, instead in renamed.items():
        before = {name.replace(part, instead): path for name, path in before.items()}
    differences = 0
    for name in sorted(before.keys() | after.keys()):
        if name not in before or name not in after:
            print(f"only {'before' if name in before else 'after'}: {name}")
        elif content(before[name]) != content(after[name]):
            print(f"differs: {name}")
        else:
            continue
        differences += 1
    print(f"{len(before)} files before, {len(after)} after, {differences} differ")
    return differences


def main() -> None:
    """Run and compare."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--compare", action="store_true", help="only compare")
    parser.add_argument("--only", choices=("old", "new"), help="run one checkout only")
    parser.add_argument(
        "--renamed", action="append", default=[], metavar="OLD=NEW",
        help="part of the path of a result that has another name now",
    )  # fmt: skip
    parser.add_argument("--no-default", action="store_true", help="leave the default run out")
    given = parser.parse_args()
    for name in ("old", "new"):
        if not given.compare and given.only in (None, name):
            checkout = getattr(given, name).resolve()
            run(checkout, given.work.resolve() / name, not given.no_default)
    if given.only is None:
        renamed = dict(pair.split("=", 1) for pair in given.renamed)
        sys.exit(1 if compare(given.work / "old", given.work / "new", renamed) else 0)


if __name__ == "__main__":
    main()
