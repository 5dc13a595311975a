"""FASTA files in the wild: what is read of them, and why others are refused."""

from __future__ import annotations

import gzip
import io

TWO = {"a": "ACGT", "b": "GGC"}
ACCEPTED = {
    "plain": (b">a\nACGT\n>b\nGGC\n", TWO, {}),
    "no final line end": (b">a\nACGT\n>b\nGGC", TWO, {}),
    "blank lines": (b"\n\n>a\n\nAC\n\n\nGT\n\n>b\n\nGGC\n\n\n", TWO, {}),
    "wrapped unevenly": (b">a\nA\nCG\nT\n>b\nGG\nC\n", TWO, {}),
    "text behind the id": (b">a first >one\nACGT\n>b\tsecond\nGGC\n", TWO, {}),
    "blanks before the id": (b"> a x\nACGT\n>\tb\nGGC\n", TWO, {}),
    "'>' inside a header": (b">a >b >c\nACGT\n>b\nGGC\n", TWO, {}),
    "ambiguity codes": (
        b">a\nRYSWKMBDHVN\n",
        {"a": "RYSWKMBDHVN"},
        {"ambiguous_residues": 11,
         "ambiguity_codes": "B=1;D=1;H=1;K=1;M=1;N=1;R=1;S=1;V=1;W=1;Y=1"},
    ),
    "byte order mark": (b"\xef\xbb\xbf>a\nACGT\n>b\nGGC\n", TWO, {}),
    "byte order mark before a comment": (
        b"\xef\xbb\xbf;x\n>a\nACGT\n>b\nGGC\n", TWO, {"comment_lines": 1},
    ),
    "ids beyond ASCII": (
        ">ä\u2028\nACGT\n>b\u00a0x\nGGC\n".encode(),
        {"ä": "ACGT", "b": "GGC"}, {"white_space": 3},
    ),
    "Windows line ends": (b">a\r\nAC\r\nGT\r\n>b\r\nGGC\r\n", TWO, {"carriage_returns": 5}),
    "Macintosh line ends": (b">a\rAC\rGT\r>b\rGGC", TWO, {"carriage_returns": 4}),
    "mixed line ends": (b">a\r\nAC\nGT\r>b\nGGC\r\r\n", TWO, {"carriage_returns": 4}),
    "comments": (
        b"; one\n#two\n>a\n;\nAC\n! three > ;\nGT\n>b\nGGC\n#four \xff",
        TWO, {"comment_lines": 5},
    ),
    "comments before the first record only": (b";a\n\n \n;b\n>a\nACGT\n>b\nGGC", TWO,
                                              {"comment_lines": 2, "white_space": 1}),
    "blanks in and around sequences": (
        b">a  \n AC GT\t\n  \n>b\nGGC \v\f\n", TWO, {"white_space": 10},
    ),
    "lower case": (b">a\nacGt\n>b\nggc\n", TWO, {"lower_case": 6}),
    "gaps": (b">a\n-AC..GT-\n>b\nG-GC\n", TWO, {"gaps": 5}),
    "U": (b">a\nACGU\n>b\nGGC\n", TWO, {"u_as_t": 1}),
    "lower-case u and n": (b">a\nACGu\n>n\nacgn\n", {"a": "ACGT", "n": "ACGN"},
                           {"u_as_t": 1, "lower_case": 5, "ambiguous_residues": 1,
                            "ambiguity_codes": "N=1"}),
}  # fmt: skip


ACCEPTED_PROTEIN = {
    "twenty": (b">a\nACDEFGHIKLMNPQRSTVWY\n", "ACDEFGHIKLMNPQRSTVWY", {}),
    "ambiguity codes": (
        b">a\nMBZJX\n", "MBZJX",
        {"ambiguous_residues": 4, "ambiguity_codes": "B=1;J=1;X=1;Z=1"},
    ),
    "selenocysteine and pyrrolysine": (
        b">a\nMUOu\n", "MXXX",
        {"lower_case": 1, "ambiguous_residues": 3, "ambiguity_codes": "O=1;U=2"},
    ),
    "final stop": (b">a\nMKWE*\n", "MKWE", {"stops": 1}),
    "final stop on a line of its own": (b">a\nMKWE\n*\n\n", "MKWE", {"stops": 1}),
    "final stop before gaps": (b">a\nMK-WE*--\n", "MKWE", {"stops": 1, "gaps": 3}),
    "final stop before blanks": (b">a\nMKWE* \n \n", "MKWE", {"stops": 1, "white_space": 2}),
}  # fmt: skip


DNA_LETTERS = "accepted: ACGTURYSWKMBDHVNX"
REFUSED = {
    "an empty file": (b"", "empty FASTA file (no '>' record)"),
    "blank lines only": (b"\n \r\n\t", "empty FASTA file (no '>' record)"),
    "comments only": (b";x\n#y", "empty FASTA file (no '>' record)"),
    "text before the first record": (
        b"\n;x\nACGT\n>a\nACGT\n",
        "line 3 is 'ACGT', not a '>' header at the start of a line; is it FASTA?",
    ),
    "an indented header": (
        b" >a\nACGT\n",
        "line 1 is ' >a', not a '>' header at the start of a line; is it FASTA?",
    ),
    "FASTQ": (
        b"@a\nACGT\n+\n!!!!\n",
        "line 1 is '@a', not a '>' header at the start of a line; is it FASTA?",
    ),
    "GenBank": (
        b"LOCUS       X\n",
        "line 1 is 'LOCUS       X', not a '>' header at the start of a line; is it FASTA?",
    ),
    "a page of HTML instead of the file": (
        b"<!DOCTYPE html>\n",
        "line 1 is '<!DOCTYPE html>', not a '>' header at the start of a line; is it FASTA?",
    ),
    "a record without an id": (
        b">a\nAC\n> \nGT\n",
        "record 2 has no id after '>'; give it one",
    ),
    "a record without residues": (
        b">a\nAC\n>b\n>c\nGT\n",
        "record 2 ('b') has no residues; remove it or give it a sequence",
    ),
    "a record of gaps only": (
        b">a\nAC\n>b\n--\n",
        "record 2 ('b') has no residues; remove it or give it a sequence",
    ),
    "an id that stands twice": (
        b">a\nAC\n>a x\nGT\n",
        "duplicate id 'a': it appears in this file twice; ids must be unique in a dataset (ids: "
        "header uses whole headers as ids)",
    ),
    "a letter of no DNA": (
        b">a\nAC\n>b x\nAC\nG1\n",
        "record 'b', position 4: '1' is not a DNA letter (line numbers or text? keep only the "
        f"letters); {DNA_LETTERS}",
    ),
    "a protein's letter": (
        b">b\nAC-GE\n",
        "record 'b', position 5: 'E' is not a DNA letter (a protein in a DNA dataset?); "
        + DNA_LETTERS,
    ),
    "a stop in DNA": (
        b">b\nACG*\n",
        "record 'b', position 4: '*' is not a DNA letter (a stop is accepted only at the end of a "
        f"protein); {DNA_LETTERS}",
    ),
    "a tab inside a sequence": (
        b">b\nAC\tGT\n",
        f"record 'b', position 3: '\\t' is not a DNA letter; {DNA_LETTERS}",
    ),
    "an indented comment": (
        b">b\nACGT\n ;x\n",
        f"record 'b', position 5: ';' is not a DNA letter; {DNA_LETTERS}",
    ),
    "a letter beyond ASCII": (
        ">b\nAC\u0410\n".encode(),
        f"record 'b', position 3: '\u0410' is not a DNA letter; {DNA_LETTERS}",
    ),
    "Latin-1": (
        b">a\nACGT\n>caf\xe9 x\nACGT\n",
        "line 3, byte 5 (record 'caf\ufffd'): not UTF-8 text; save the file as UTF-8 or plain "
        "ASCII",
    ),
    "UTF-16": ("\ufeff>a\nACGT\n".encode("utf-16-le"), "is UTF-16 text; save it as UTF-8"),
    "UTF-16, the other way": (
        "\ufeff>a\nACGT\n".encode("utf-16-be"),
        "is UTF-16 text; save it as UTF-8",
    ),
    "a zip archive": (b"PK\x03\x04....", "is a zip archive; unpack it"),
    "Parquet": (b"PAR1....", "is a Parquet file, not FASTA"),
    "CRAM": (b"CRAM....", "is a CRAM file, not FASTA"),
    "an archive with text behind it": (
        gzip.compress(b">a\nACGT\n") + b"hello",
        "the gz archive is damaged or cut short (",
    ),
}


def bgzip(data: bytes) -> bytes:
    from Bio import bgzf

    out = io.BytesIO()
    writer = bgzf.BgzfWriter(fileobj=out)
    # several blocks
    for place in range(0, len(data), 50_000):
        writer.write(data[place : place + 50_000])
        writer.flush()
    out.write(b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0\x1b\0\x03\0\0\0\0\0\0\0\0\0")
    return out.getvalue()


def zstd(data: bytes) -> bytes:
    try:
        from compression.zstd import compress
    except ImportError:
        from backports.zstd import compress
    return compress(data)
