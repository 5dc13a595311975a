"""FASTA sources to ``sequences.parquet`` and ``audit.tsv``, in one streaming pass."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from bioseqrnn.console import progress, say
from bioseqrnn.errors import InputError
from bioseqrnn.io import METADATA_KEY, atomic_path, sha256, write_tsv
from bioseqrnn.sequences.alphabet import ALPHABETS, Alphabet, guess_alphabet
from bioseqrnn.sequences.audit import Audit
from bioseqrnn.sequences.fasta import read_blocks, sample_residues
from bioseqrnn.sequences.packing import BadResidueError, Ints, Packed, pack
from bioseqrnn.sequences.sources import LabelFile, Labels, Source, check_sources, order_classes

FORMAT = 1


def choose_alphabet(fastas: list[Path], name: str) -> Alphabet:
    """Return the alphabet called ``name``, or for ``auto`` the one that every file looks like."""
    if name != "auto":
        return ALPHABETS[name]
    guesses = {fasta: guess_alphabet(sample_residues(fasta)) for fasta in fastas}
    first = guesses[fastas[0]]
    for fasta, guess in guesses.items():
        if guess != first:
            raise InputError(
                f"{fasta}: looks like {guess.name}, but {fastas[0]} like {first.name}; "
                "name the alphabet (dna or protein) if they belong together"
            )
    return first


def warn_of_dna(fasta: Path, alphabet: Alphabet) -> None:
    """Say so where a file that is to be read as protein looks like DNA: every letter would fit."""
    if alphabet.name == "protein" and guess_alphabet(sample_residues(fasta)).name == "dna":
        say(f"warning: {fasta} looks like DNA, but is read as protein")


def pack_block(
    path: Path, ids: list[str], sequences: list[str], alphabet: Alphabet
) -> tuple[Packed, Ints]:
    """Pack one block of records; a letter outside the alphabet is an InputError that names it."""
    try:
        packed, counts = pack(sequences, alphabet)
    except BadResidueError as error:
        hint = ""
        if alphabet.name == "dna" and error.letter.upper() in ALPHABETS["protein"].codes:
            hint = " (a protein in a DNA dataset?)"
        raise InputError(
            f"{path}: record '{ids[error.index]}', position {error.position}: "
            f"'{error.letter}' is not a {alphabet.name.replace('dna', 'DNA')} letter{hint}; "
            f"accepted: {alphabet.letters}"
        ) from None
    return packed, counts


def onehot_column(packed: Packed) -> pa.Array:
    """Return packed rows as an Arrow large-binary column without copying them one by one."""
    buffers = [None, pa.py_buffer(packed.offsets), pa.py_buffer(packed.data)]
    return pa.LargeBinaryArray.from_buffers(pa.large_binary(), len(packed), buffers)


def encode_sequences(
    sources: list[Source],
    output: Path,
    audit: Path,
    *,
    alphabet: str = "auto",
    classes: list[str] | None = None,
    positive: str | None = None,
    strands: str = "single",
    where: str = "dataset",
) -> int:
    """Encode labelled FASTA files to one Parquet table.

    Parameters
    ----------
    sources : list of Source
        In the order in which their records are written.
    output, audit : Path
        Written atomically. A table has the columns ``id``, ``source``, ``length``, ``label``,
        ``group`` (only where one is given) and ``onehot``.
    alphabet : {"auto", "dna", "protein"}
    classes : list of str, optional
        The only classes allowed, in column order; by default those found, sorted.
    positive : str, optional
        The positive class of a two-class task; it is put last.
    strands : {"single", "both"}
        Whether both strands of a DNA sequence mean the same.
    where : str
        What to call the dataset in messages.

    Returns
    -------
    int
        Records written, which equals records read.

    Raises
    ------
    InputError
        For anything a user can get wrong; the message names file and record.
    """
    check_sources(sources)
    codes = choose_alphabet([source.fasta for source in sources], alphabet)
    if strands == "both" and codes.name != "dna":
        raise InputError(f"{where}: strands 'both' makes sense for DNA only, this is {codes.name}")
    if alphabet != "auto":
        for source in sources:
            warn_of_dna(source.fasta, codes)
    label_files: dict[Path, LabelFile] = {}
    labels = [Labels(source, label_files) for source in sources]
    given = set().union(*(entry.classes for entry in labels))
    ordered = order_classes(given, classes, positive, where)
    files = [source.fasta for source in sources] + list(label_files)
    file_names = _short_names(files)
    names = file_names[: len(sources)]
    grouped = any(entry.grouped for entry in labels)
    columns: list[tuple[str, pa.DataType]] = [
        ("id", pa.string()),
        ("source", pa.string()),
        ("length", pa.int64()),
        ("label", pa.string()),
    ]
    columns += [("group", pa.string())] * grouped + [("onehot", pa.large_binary())]
    schema = pa.schema(columns)
    audits = [
        Audit(name, source.label or "", sorted(given), strands == "both")
        for name, source in zip(names, sources, strict=True)
    ]
    written = 0
    seen: set[str] = set()
    with atomic_path(output) as temporary:
        with (
            # without Arrow's own copy of the schema, the metadata added at the end is the schema's
            pq.ParquetWriter(temporary, schema, compression="zstd", store_schema=False) as writer,
            progress(f"encode {where}", "records") as bar,
        ):
            for source, name, entry, tally in zip(sources, names, labels, audits, strict=True):
                for batch in _batches(source, name, entry, tally, codes, schema, seen):
                    writer.write_batch(batch)
                    written += batch.num_rows
                    bar.advance(batch.num_rows)
            found = set().union(*(tally.labels for tally in audits))
            ordered = order_classes(found, ordered, positive, where)
            metadata = {
                "format": FORMAT,
                "alphabet": codes.name,
                "symbols": codes.symbols,
                "strands": strands,
                "task": "binary" if len(ordered) == 2 else "multiclass",
                "classes": ordered,
                "records": written,
                "sources": {n: sha256(path) for n, path in zip(file_names, files, strict=True)},
            }
            writer.add_key_value_metadata({METADATA_KEY: json.dumps(metadata, sort_keys=True)})
        write_tsv(audit, Audit.table(audits, codes))
    for file in label_files.values():
        if unused := len(file.table) - file.used:
            say(f"{file.path}: {unused:,} labelled ids have no record")
    say(f"{where}: {written:,} records in, {written:,} out, {len(ordered)} classes, {codes.name}")
    return written


def _short_names(files: list[Path]) -> list[str]:
    """Return file names, or whole paths where two files share a name."""
    names = [path.name for path in files]
    return names if len(set(names)) == len(names) else [str(path) for path in files]


def _batches(
    source: Source,
    name: str,
    labels: Labels,
    audit: Audit,
    alphabet: Alphabet,
    schema: pa.Schema,
    seen: set[str],
) -> Iterator[pa.RecordBatch]:
    """Yield one Arrow batch per block of records, checked and counted."""
    for ids, sequences in read_blocks(source.fasta):
        for record in ids:
            if record in seen:
                raise InputError(
                    f"{source.fasta}: duplicate id '{record}'; ids must be unique in a dataset"
                )
            seen.add(record)
        entries = [labels.of(record) for record in ids]
        block_labels = [label for label, _ in entries]
        packed, counts = pack_block(source.fasta, ids, sequences, alphabet)
        audit.add(packed, counts, block_labels)
        values = {
            "id": ids,
            "source": [name] * len(ids),
            "length": packed.lengths,
            "label": block_labels,
            "group": [group for _, group in entries],
            "onehot": onehot_column(packed),
        }
        yield pa.record_batch([pa.array(values[f.name], f.type) for f in schema], schema=schema)
