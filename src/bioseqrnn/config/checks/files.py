"""Checks of the files named in settings and sheets: allowed paths, FASTA files of a cell."""

from __future__ import annotations

import glob
import itertools
import os
import re
from collections.abc import Callable
from pathlib import Path

from bioseqrnn.config.checks.text import is_one_line
from bioseqrnn.support.errors import InputError

# Limit for the files that a glob matches, and for the files and folders that are searched
MOST_FILES = 100_000
# Files with these endings in a folder are FASTA, compressed or not
FASTA_ENDINGS = (".fa", ".fasta", ".fna", ".faa", ".ffn", ".frn", ".fas", ".fsa", ".seq")
# first bytes of compressed files
COMPRESSIONS = {b"\x1f\x8b": "gz", b"BZh": "bz2", b"\xfd7zXZ\x00": "xz", b"\x28\xb5\x2f\xfd": "zst"}
COMPRESSED_ENDINGS = (".gz", ".bgz", ".bz2", ".xz", ".zst")

# Function that tells whether a path is in remote storage (docs/cluster.md) and not on this
# machine's file systems
InStorage = Callable[[str], bool]


def unexpanded(path: str) -> str:
    """Return a remark on a path that a shell would read differently, '' for any other."""
    for sign in ("~", "$"):
        if path.startswith(sign) or (sign == "$" and re.search(r"\$[A-Za-z_{]", path)):
            return f"; '{sign}' is not expanded here; write the full path"
    return ""


def check_path(where: str, path: str) -> None:
    """Refuse a path that Snakemake or a command would read differently."""
    if not is_one_line(path):
        raise InputError(f"{where}: {path!a} contains a control character or line break")
    if "{" in path or "}" in path:
        raise InputError(
            f"{where}: '{path}' contains a brace, which Snakemake would read as a "
            f"wildcard{unexpanded(path)}"
        )
    if re.search("<[a-z][a-z0-9_]*>", path):
        raise InputError(
            f"{where}: '{path}' contains a name in <…>, which Snakemake would replace; rename it"
        )
    if path.startswith("-"):
        raise InputError(f"{where}: '{path}' begins like a command-line option; write ./{path}")


def check_file(where: str, path: str, in_storage: InStorage) -> None:
    """Refuse a path that is not a file. Snakemake itself checks files in remote storage."""
    check_path(where, path)
    if in_storage(path):
        return
    if not Path(path).exists():
        hint = unexpanded(path) or f"; relative paths start at {Path.cwd()}"
        raise InputError(f"{where}: no such file '{path}'{hint}")
    if not Path(path).is_file():
        raise InputError(f"{where}: '{path}' is not a file")


def results_folder(where: str, path: str, in_storage: InStorage) -> str:
    """Return the results folder without a slash at its end; InputError if it cannot be one."""
    if path != path.strip():
        raise InputError(f"{where}: '{path}' begins or ends with a space")
    if not _is_there_with_dollar(path) and unexpanded(path):
        raise InputError(f"{where}: '{path}'{unexpanded(path)}")
    check_path(where, path)
    if not in_storage(path):
        for part in (Path(path), *Path(path).parents):
            if part.exists() and not part.is_dir():
                raise InputError(f"{where}: '{part}' is a file; give a folder")
    return path.rstrip("/")


def _is_there_with_dollar(path: str) -> bool:
    """Whether the path up to the part with the last ``$`` is an existing folder."""
    start, sign, rest = path.rpartition("$")
    return bool(sign) and Path(f"{start}${rest.split('/')[0]}").is_dir()


def named_like_fasta(path: str) -> bool:
    """Whether a file has the name of a FASTA file and is not hidden."""
    name = path.rsplit("/", 1)[-1].lower()
    for ending in COMPRESSED_ENDINGS:
        name = name.removesuffix(ending)
    return name.endswith(FASTA_ENDINGS) and not name.startswith(".")


def find_fasta(where: str, text: str) -> list[str]:
    """Return the files that a cell names, sorted: a file, or those of a folder or glob.

    For a folder, these are the files directly in it that have the name of a FASTA file.

    Raises
    ------
    InputError
        A folder has no FASTA file; a glob matches no file, or too many files and folders would
        have to be searched for it.
    """
    path = Path(text)
    if path.is_dir():
        found = [str(entry) for entry in path.iterdir() if entry.is_file()]
        found = sorted(filter(named_like_fasta, found))
        if not found:
            raise InputError(
                f"{where}: no FASTA file in the folder '{text}'; names must end in .fa, .fasta …"
            )
        return found
    if path.exists() or not glob.has_magic(text):
        return [text]
    found = [str(Path(name)) for name in _names_of(where, text) if Path(name).is_file()]
    if not found:
        raise InputError(f"{where}: no file matches '{text}'; relative paths start at {Path.cwd()}")
    return found


def find_in_storage(where: str, text: str) -> list[str]:
    """Return the single file that a cell names in remote storage, which cannot be searched."""
    if glob.has_magic(text) or not named_like_fasta(text):
        raise InputError(
            f"{where}: '{text}': files on remote storage must be named one by one; names must end "
            "in .fa, .fasta …"
        )
    return [text]


def _names_of(where: str, pattern: str) -> list[str]:
    """Return the names that a glob matches, sorted as text: paths would sort differently."""
    too_many = InputError(
        f"{where}: '{pattern}' would search more than {MOST_FILES} files and folders; start it "
        "with a folder closer to the files"
    )
    start, deep, _ = pattern.partition("**")
    if deep:
        # symbolic links are followed, as in the glob itself
        tops = [start] if not glob.has_magic(start) else glob.iglob(f"{start}/")  # noqa: PTH207
        seen = 0
        for top in tops:
            for _, folders, files in os.walk(top or ".", followlinks=True):
                seen += len(folders) + len(files)
                if seen > MOST_FILES:
                    raise too_many
    matches = glob.iglob(pattern, recursive=True)  # noqa: PTH207 - any path, not one below a folder
    names = list(itertools.islice(matches, MOST_FILES + 1))
    if len(names) > MOST_FILES:
        raise too_many
    return sorted(names)
