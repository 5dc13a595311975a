"""Scored variants as a table, or as the VCF file with additional INFO fields."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from bioseqrnn.stages.variants.alleles import REASONS, Allele
from bioseqrnn.stages.variants.vcf import MISSING, Row, VcfFile
from bioseqrnn.support.arrays import Doubles
from bioseqrnn.support.errors import InputError
from bioseqrnn.support.gzipped import gzip_text
from bioseqrnn.tables.declared.variants import VARIANTS

PREFIX = "BIOSEQRNN_"
REASON = f"{PREFIX}REASON"


@dataclass(frozen=True)
class Field:
    """A number of each allele and class.

    Attributes
    ----------
    name : str
        Beginning of its column in the table; in capitals, of its key in INFO.
    meaning : str
        With ``{}`` for the class.
    """

    name: str
    meaning: str


LOGITS = (
    Field("logit_ref", "calibrated logit of {} of the window with REF"),
    Field("logit_alt", "calibrated logit of {} of the window with ALT"),
    Field("probability_ref", "calibrated probability of {} of the window with REF"),
    Field("probability_alt", "calibrated probability of {} of the window with ALT"),
    Field("difference", "logit of {} with ALT minus that with REF"),
)
VALUES = (
    Field("value_ref", "{} predicted for the window with REF"),
    Field("value_alt", "{} predicted for the window with ALT"),
    Field("difference", "{} with ALT minus that with REF"),
)
RANK = Field(
    "rank",
    "share of all single changes of the REF window that change {} at least as much, in either "
    "direction",
)


@dataclass(frozen=True)
class Content:
    """What is written.

    Attributes
    ----------
    names : list of str
        Scored classes, or ``value``.
    fields : tuple of Field
        Of each class.
    about : dict of str to str
        How the scores were made, for the header of a VCF file.
    """

    names: list[str]
    fields: tuple[Field, ...]
    about: Mapping[str, str]

    @property
    def columns(self) -> list[str]:
        """Columns of the numbers, in the order of ``Scored.numbers``."""
        if self.fields[0] is VALUES[0]:
            return [field.name for field in self.fields]
        return [f"{field.name}_{name}" for name in self.names for field in self.fields]


@dataclass(frozen=True)
class Scored:
    """An allele with its numbers, float64 [columns]; none if it was not scored."""

    allele: Allele
    numbers: Doubles | None


class Writer(ABC):
    """Writes scored rows to one file.

    Parameters
    ----------
    path : Path
        File to write; a temporary name.
    kind : str
        Ending of its final name.
    vcf : VcfFile
        The file that the rows are from.
    content : Content
    files : ExitStack
        Closes the opened files, also after an error.
    """

    @abstractmethod
    def __init__(
        self, path: Path, kind: str, vcf: VcfFile, content: Content, files: ExitStack
    ) -> None: ...

    @abstractmethod
    def write(self, row: Row, alleles: Sequence[Scored]) -> None:
        """Write a row with its alleles, in the order of ALT."""


class TsvWriter(Writer):
    """Writes one line for each allele."""

    def __init__(
        self,
        path: Path,
        kind: str,
        vcf: VcfFile,  # noqa: ARG002
        content: Content,
        files: ExitStack,
    ) -> None:
        self._blank = [""] * len(content.columns)
        self._text: TextIO
        if kind.endswith(".gz"):
            self._text = gzip_text(path, files)
        else:
            self._text = files.enter_context(path.open("w", encoding="utf-8", newline="\n"))
        self._text.write("\t".join([*VARIANTS.names, *content.columns]) + "\n")

    def write(self, row: Row, alleles: Sequence[Scored]) -> None:
        """See ``Writer``."""
        chrom, _, name, ref = row.cells[:4]
        for one in alleles:
            numbers = self._blank if one.numbers is None else [f"{x:.8g}" for x in one.numbers]
            start = "" if one.numbers is None else str(one.allele.start)
            cells = [chrom, str(row.position), name, ref, one.allele.alt, start, one.allele.reason]
            self._text.write("\t".join([*cells, *numbers]) + "\n")


class VcfWriter(Writer):
    """Writes the rows of the VCF file, each with additional INFO fields."""

    def __init__(
        self, path: Path, kind: str, vcf: VcfFile, content: Content, files: ExitStack
    ) -> None:
        keys = [f"{PREFIX}{name}" for name in _keys(content)]
        if known := sorted(vcf.info_keys & {REASON, *keys}):
            raise InputError(
                f"{vcf.path}: has the INFO field {known[0]} already; give the VCF without the "
                "scores of an earlier run"
            )
        self._keys = keys
        self._file: Any
        if kind.endswith(".gz"):
            from Bio.bgzf import BgzfWriter

            raw = files.enter_context(path.open("wb"))
            self._file = BgzfWriter(fileobj=raw)  # type: ignore[no-untyped-call]
            files.callback(self._file.close)
        else:
            self._file = files.enter_context(path.open("wb"))
        for line in [*vcf.header[:-1], *_header(keys, content), vcf.header[-1]]:
            self._line(line)

    def write(self, row: Row, alleles: Sequence[Scored]) -> None:
        """See ``Writer``; a row without ALT stays as it is."""
        cells = row.cells
        if cells[4] != MISSING:
            info = [] if cells[7] in (MISSING, "") else [cells[7]]
            if any(one.numbers is not None for one in alleles):
                columns = zip(
                    *(
                        [MISSING] * len(self._keys)
                        if one.numbers is None
                        else [f"{x:.6g}" for x in one.numbers]
                        for one in alleles
                    ),
                    strict=True,
                )
                info += [f"{key}={','.join(c)}" for key, c in zip(self._keys, columns, strict=True)]
            if any(one.allele.reason for one in alleles):
                reasons = ",".join(one.allele.reason or MISSING for one in alleles)
                info.append(f"{REASON}={reasons}")
            cells = [*cells[:7], ";".join(info), *cells[8:]]
        self._line("\t".join(cells))

    def _line(self, text: str) -> None:
        self._file.write(f"{text}\n".encode())


FORMATS: dict[str, type[Writer]] = {
    ".tsv": TsvWriter,
    ".tsv.gz": TsvWriter,
    ".vcf": VcfWriter,
    ".vcf.gz": VcfWriter,
}


def format_of(path: Path) -> str:
    """Return the key in ``FORMATS`` of a file; InputError if its name ends in none of them."""
    for ending in FORMATS:
        if path.name.endswith(ending):
            return ending
    raise InputError(f"--output {path}: must end in {', '.join(FORMATS)}")


def _keys(content: Content) -> list[str]:
    """Keys of INFO fields: letters, digits, ``_`` and ``.``; each once."""
    keys: list[str] = []
    for column in content.columns:
        field = next(f.name for f in content.fields if column.startswith(f.name))
        key = field.upper() + re.sub(r"[^0-9A-Za-z_.]", "_", column.removeprefix(field))
        same = sum(other.startswith(key) for other in keys)
        keys.append(key if key not in keys else f"{key}_{same}")
    return keys


def _header(keys: list[str], content: Content) -> list[str]:
    about = ",".join(f'{key}="{_quoted(text)}"' for key, text in content.about.items())
    lines = [f"##bioseqrnn=<{about}>"]
    meanings = [field.meaning.format(name) for name in content.names for field in content.fields]
    for key, meaning in zip(keys, meanings, strict=True):
        text = _quoted(meaning)
        lines.append(f'##INFO=<ID={key},Number=A,Type=Float,Description="{text}">')
    text = f"why an ALT allele has no score: {' '.join(REASONS)}"
    lines.append(f'##INFO=<ID={REASON},Number=A,Type=String,Description="{text}">')
    return lines


def _quoted(text: str) -> str:
    return " ".join(text.replace("\\", "\\\\").replace('"', '\\"').split())


def numbers_of(columns: Sequence[Doubles]) -> Doubles:
    """Return the numbers of alleles, float64 [alleles, columns], class by class.

    Parameters
    ----------
    columns : sequence of float64 [alleles, names]
        One for each field.
    """
    stacked = np.stack(columns, axis=2)
    return stacked.reshape(len(stacked), stacked.shape[1] * stacked.shape[2])
