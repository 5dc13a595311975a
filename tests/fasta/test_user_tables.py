"""Tables as people write them: read where they have one meaning, else what was found is named."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile

import pyarrow.parquet as pq
import pytest
from conftest import encode

from bioseqrnn.fasta.sources import Source, sources_from_sheet
from bioseqrnn.support.errors import InputError

FASTA = ">r1\nACGTACGTAC\n>r2\nACGTTTGTAC\n>r3\nACGGGCGTAC\n>r4\nAAAAACGTAC\n"
GENOME = ">chr1\n" + "GGATCACAGTCTACACTGCT" * 5 + "\n>chr2\n" + "GGGATGGCAAGTACATTTTT" * 5 + "\n"


def column(folder, name):
    return pq.read_table(folder / "sequences.parquet").column(name).to_pylist()


@pytest.fixture
def labels(tmp_path):
    """Function that encodes four records with a labels table of some bytes."""
    fasta = tmp_path / "s.fa"
    fasta.write_text(FASTA)

    def run(data, name="l.tsv", **options):
        path = tmp_path / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        encode(tmp_path, [Source(fasta, labels=path)], **options)
        return column(tmp_path, "label")

    return run


@pytest.fixture
def intervals(tmp_path):
    """Function that encodes windows of a genome from a table of some bytes: (id, label)."""
    fasta = tmp_path / "g.fa"
    fasta.write_text(GENOME)

    def run(data, name="i.bed"):
        path = tmp_path / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        encode(tmp_path, [Source(fasta, intervals=path)])
        return list(zip(column(tmp_path, "id"), column(tmp_path, "label"), strict=True))

    return run


def message(run, data, name):
    with pytest.raises(InputError) as caught:
        run(data, name)
    assert "\n" not in str(caught.value)
    return str(caught.value).rsplit("/", 1)[-1]


ROWS = "r1\ta\nr2\tb\nr3\ta\nr4\tb\n"
PLAIN = f"id\tlabel\n{ROWS}"
ONE_MEANING = {
    "byte order mark": b"\xef\xbb\xbf" + PLAIN.encode(),
    "Windows line ends": PLAIN.replace("\n", "\r\n"),
    "line ends of old Macs": PLAIN.replace("\n", "\r"),
    "no line end at the end": PLAIN.rstrip("\n"),
    "gzip": gzip.compress(PLAIN.encode()),
    "bzip2": bz2.compress(PLAIN.encode()),
    "xz": lzma.compress(PLAIN.encode()),
    "header behind #": f"#{PLAIN}",
    "header behind # and a blank": f"# {PLAIN}",
    "comments": f"# made by hand, id and more\n\n# label table\n{PLAIN}",
    "blanks around names": f" id \t label\n{ROWS}",
    "tabs at the end of lines": PLAIN.replace("\n", "\t\n"),
    "tabs at the end of rows": "id\tlabel\n" + ROWS.replace("\n", "\t\t\n"),
    "another order": "label\tid\n" + "a\tr1\nb\tr2\na\tr3\nb\tr4\n",
}


@pytest.mark.parametrize("kind", ONE_MEANING)
def test_labels_with_one_meaning_are_read(labels, kind):
    assert labels(ONE_MEANING[kind]) == ["a", "b", "a", "b"]


def workbook(folder, *names):
    with zipfile.ZipFile(folder / "z", "w") as archive:
        for name in names:
            archive.writestr(name, "<x/>")
    return (folder / "z").read_bytes()


TABS = "columns must be separated by tabs"
LABELS_REFUSED = {
    "id,label\r\nr1,a\r\n": f"separated by commas; {TABS}",
    "\ufeffid,label\r\nr1,a\r\n": f"separated by commas; {TABS}",
    "id;label\r\nr1;a\r\n": f"separated by semicolons; {TABS}",
    "id label\nr1 a\n": f"separated by blanks; {TABS}",
    "id | label\nr1 | a\n": f"separated by bars; {TABS}",
    '"id","label"\n"r1","a"\n': f"separated by commas and in quotes; {TABS}",
    "r1,a\nr2,b\n": f"separated by commas; {TABS}",
    '"id"\t"label"\n"r1"\t"a"\n': (
        "columns are in quotes; write the table without quotes (in R: write"
    ),
    "id\tlabel\n1\tr1\ta\n": (
        "line 2: has more cells than the header; row names from R? Write the table "
    ),
    "id\tlabel\nr1\ta\tx\ty\n": "line 2: has more cells than the header; remove the extra cells",
    "id\tlabel\nr1,a\n": "line 2 has no 'label' (columns: id, label[, group]); is the line separat",
    "id\tlabel\tGroup\nr1\ta\tg\n": "unknown column 'Group'; did you mean 'group'?",
    "id\tlabel\tgrup\nr1\ta\tg\n": "unknown column 'grup'; did you mean 'group'?",
    "id\tlabel\tgroups\nr1\ta\tg\n": "unknown column 'groups'; did you mean 'group'?",
    "id\tlabel\tgro up\nr1\ta\tg\n": "unknown column 'gro up'; did you mean 'group'?",
    "ID\tLabel\nr1\ta\n": (
        "unknown column 'ID'; did you mean 'id'? Also 'label' instead of 'Label'?"
    ),
    "#ID\tlabel\nr1\ta\n": "unknown column 'ID'; did you mean 'id'?",
    "id\u200b\tlabel\nr1\ta\n": "unknown column 'id\u200b'; did you mean 'id'?",
    "id\tlable\nr1\ta\n": "unknown column 'lable'; did you mean 'label'?",
    "id\tclass\nr1\ta\n": "no column 'label' (columns: id, label[, group]); did you mean 'label' i",
    "r1\ta\nr2\tb\n": "no column 'id' (columns: id, label[, group]); it has 'r1', 'a'",
    "id\tlabel\tlabel\nr1\ta\tb\n": "column 'label' appears twice in the header; keep one",
    FASTA: "is FASTA, not a table",
    "<!DOCTYPE html>\n<html>\n": "is HTML or XML, not a table; download the file itself",
    '{"r1": "a"}\n': "is JSON, not a table; export it as tab-separated text",
    "id\tlabel\nr1\ta\nr2\tb\nr1\tb\n": "line 4: id 'r1' is labelled twice: 'b' here and 'a' in li",
    "id\tlabel\nr1\ta\nr2\tb\nr1\ta\n": "line 4: id 'r1' is labelled twice: 'a' here and in line 2",
}  # fmt: skip


@pytest.mark.parametrize("text", LABELS_REFUSED)
def test_labels_without_one_meaning_are_refused(labels, text):
    assert message(labels, text, "l.tsv").startswith(f"l.tsv: {LABELS_REFUSED[text]}")


def test_files_that_hold_no_text(labels, intervals, tmp_path):
    export = "export it as tab-separated text"
    for data, found in (
        (workbook(tmp_path, "xl/workbook.xml"), f"is an Excel workbook (.xlsx); {export}"),
        (workbook(tmp_path, "content.xml"), f"is an OpenDocument workbook (.ods); {export}"),
        (workbook(tmp_path, "l.tsv"), "is a zip archive; unpack it"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", f"is an Excel workbook (.xls); {export}"),
        (PLAIN.encode("utf-16"), "is UTF-16 text; save it as UTF-8"),
        (PLAIN.encode("utf-16-le"), "is UTF-16 text or binary; save it as UTF-8 text"),
        (gzip.compress(PLAIN.encode())[:-12], "the gz archive is damaged or cut short"),
        (gzip.compress("id\tlabel\nr1\té\n".encode("latin-1")), "not UTF-8 text; save it as UTF-8"),
    ):
        assert message(labels, data, "l.tsv").startswith(f"l.tsv: {found}")
        assert message(intervals, data, "i.bed").startswith(f"i.bed: {found}")


def test_columns_that_nothing_is_read_from_are_named(labels, intervals, capfd):
    labels("id\tlabel\tnote\tsplit\tsubgroup\n" + ROWS.replace("\n", "\tx\ttrain\ty\n"))
    intervals("chrom\tstart\tend\tlabel\tstrain\tscore\nchr1\t1\t9\ta\tK\t0\nchr2\t1\t9\tb\tK\t0\n")
    told = [line for line in capfd.readouterr().err.splitlines() if "warning" in line]
    assert [line.split(": ", 2)[2] for line in told] == [
        "columns not used: 'note', 'split', 'subgroup' (known: id, label[, group]); a given split "
        "is read only from datasets.tsv, with one row for each part",
        "columns not used: 'strain' (known: chrom, start, end[, strand, label, id, group])",
    ]


@pytest.mark.parametrize(
    ("record", "row"),
    [
        ("NP_1.2", "NP_1"), ("NP_1", "NP_1.2"), ("abc", "ABC"), ("sp|P12345|X", "P12345"),
        ("P12345", "sp|P12345|X_HUMAN"), ("rec1", "rec1 with words"), ("rec1", ">rec1"),
        ("rec1", '"rec1"'),
    ],
)  # fmt: skip
def test_an_id_that_is_written_otherwise_in_the_labels(tmp_path, record, row):
    (tmp_path / "a.fa").write_text(f">{record}\nACGT\n")
    table = tmp_path / "l.tsv"
    table.write_text(f"id\tlabel\nother\ta\n{row}\tb\n")
    with pytest.raises(InputError) as caught:
        encode(tmp_path, [Source(tmp_path / "a.fa", labels=table)])
    assert str(caught.value).endswith(
        f"record '{record}' has no label in {table}; did you mean '{row}'? Ids must be the same, "
        "letter for letter"
    )


BED = "chr1\t10\t30\ta\t0\t-\nchr2\t10\t30\tb\t0\t+\n"
READ = [("chr1:10-30(-)", "a"), ("chr2:10-30(+)", "b")]
INTERVALS_READ = {
    "BED": BED,
    "gzip": gzip.compress(BED.encode()),
    "a header of BED": f"#chrom\tstart\tend\tname\tscore\tstrand\n{BED}",
    "a header without #": f"chrom\tstart\tend\tname\tscore\tstrand\n{BED}",
    "a header of UCSC": f"#chrom\tchromStart\tchromEnd\tname\tscore\tstrand\n{BED}",
    "a header of three other names": f"#chr\tstart\tstop\tname\tscore\tstrand\n{BED}",
    "a comment of these words": f"# columns: chrom start end name\n{BED}",
    "byte order mark": b"\xef\xbb\xbf" + BED.encode(),
    "the header again": "".join(
        f"chrom\tstart\tend\tlabel\tscore\tstrand\n{line}" for line in BED.splitlines(True)
    ),
    "blanks": "chrom start end label strand\nchr1 10 30 a -\nchr2 10 30 b +\n",
    "tabs at the end": "chrom\tstart\tend\tlabel\tstrand\nchr1\t10\t30\ta\t-\t\nchr2\t10\t30\tb\t+",
}


@pytest.mark.parametrize("kind", INTERVALS_READ)
def test_intervals_with_one_meaning_are_read(intervals, kind):
    assert intervals(INTERVALS_READ[kind]) == READ


INTERVALS_REFUSED = {
    "chrom\tstart\tend\tStrand\tlabel\nchr1\t10\t30\t-\ta\n": "unknown column 'Strand'; did you me",
    "chrom\tstart\tend\tstrnd\tlabel\nchr1\t10\t30\t-\ta\n": "unknown column 'strnd'; did you mean",
    "Chrom\tStart\tEnd\tlabel\nchr1\t10\t30\ta\n": "unknown column 'Chrom'; did you mean 'chrom'? ",
    "#Chrom\tStart\tEnd\tStrand\tLabel\nchr1\t10\t30\t-\ta\n":
        "unknown column 'Chrom'; did you mean 'chrom'?",
    "chrom\tstart\tend\tlabel\tGroup\nchr1\t10\t30\ta\tg\n": "unknown column 'Group'; did you mean",
    "seqnames\tstart\tend\tlabel\nchr1\t10\t30\ta\n": (
        "no column 'chrom' (columns: chrom, start, end[, strand, label, id, group]); did you mean "
        "'chrom' instead of 'seqnames'?"
    ),
    "#PeakID\tchr\tstart\tend\tstrand\np\tchr1\t10\t30\t-\n": "no column 'chrom'",
    "chr1,10,30,a\n": f"separated by commas; {TABS}",
    "chrom,start,end,label\nchr1,10,30,a\n": f"separated by commas; {TABS}",
    "chr1; 10; 30; a\n": f"separated by semicolons; {TABS}",
    "chr1\t10\t30\ta\t-\n": "line 1: the score is '-'; the fifth column of BED is the score and th",
    "chr1:10-30\n": "line 1: needs chromosome, start and end, separated by tabs; the region",
    "##gff-version 3\nchr1\tx\tgene\t11\t30\t.\t-\t.\tID=g\n":
        "is GFF; intervals are BED or a TSV with",
    "chr1\tx\tgene\t11\t30\t.\t-\t.\tID=g\n": "is GFF or GTF; intervals are BED or a TSV with",
    "##fileformat=VCFv4.2\n": "is VCF; intervals are BED or a TSV with",
    "@HD\tVN:1.6\n": "is SAM or a Picard interval list; intervals are BED",
    GENOME: "is FASTA, not a table",
    "chrom\tstart\tend\tlabel\n1\tchr1\t10\t30\ta\n": (
        "line 2: has more cells than the header; row nam"
    ),
}  # fmt: skip


@pytest.mark.parametrize("text", INTERVALS_REFUSED)
def test_intervals_without_one_meaning_are_refused(intervals, text):
    assert message(intervals, text, "i.bed").startswith(f"i.bed: {INTERVALS_REFUSED[text]}")


@pytest.mark.parametrize(
    ("header", "row", "found"),
    [
        ("dataset\tfasta\tlabel\tGroup", "d\ta.fa\tx\tg", "unknown column 'Group'; did you mean '"),
        ("dataset\tfasta\tlabel\tnote", "d\ta.fa\tx\tg", "unknown column 'note'; known: dataset, "),
        ("dataset,fasta,label", "d,a.fa,x", f"separated by commas; {TABS}"),
        ("dataset\tfasta\tlabel\tsplit", "d\ta.fa\tx\tTest", "line 2: split 'Test' is not allowed"),
        ("dataset\tfasta\tlabel", "d\t\tx", "line 2: 'fasta' is empty"),
    ],
)  # fmt: skip
def test_sheets_as_the_workflow_checks_them(tmp_path, header, row, found):
    sheet = tmp_path / "s.tsv"
    sheet.write_text(f"{header}\n{row}\n")
    with pytest.raises(InputError) as caught:
        sources_from_sheet(sheet, "d")
    assert str(caught.value).startswith(f"{sheet}: {found}")


def test_an_empty_label_or_key(tmp_path):
    (tmp_path / "a.fa").write_text(FASTA)
    for source, found in (
        (Source(tmp_path / "a.fa", " "), "the label is empty; give the class of its records"),
        (
            Source(tmp_path / "a.fa", label_key=""),
            "label_key is empty; give the text before '='",
        ),
    ):
        with pytest.raises(InputError, match=found):
            encode(tmp_path, [source])
