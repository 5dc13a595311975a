"""Where labels come from: right ones for every source, one clear line for every mistake."""

from __future__ import annotations

import bz2
import json
import tracemalloc

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from Bio.Seq import Seq
from conftest import encode
from hypothesis import given, settings
from hypothesis import strategies as st

from bioseqrnn.fasta.genome import Genome, reverse_complement
from bioseqrnn.fasta.header_key import HeaderKey
from bioseqrnn.fasta.intervals import interval_windows, read_intervals
from bioseqrnn.fasta.labels import LabelFile
from bioseqrnn.fasta.sources import Source, find_fasta, sources_from_sheet
from bioseqrnn.support.errors import InputError


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def rows(folder, *columns):
    table = pq.read_table(folder / "sequences.parquet")
    return list(zip(*(table.column(name).to_pylist() for name in columns), strict=True))


def refused(folder, *sources, **options):
    """The one line that bad input ends with; nothing is written."""
    with pytest.raises(InputError) as caught:
        encode(folder / "out", list(sources), **options)
    assert not list((folder / "out").glob("*"))
    assert "\n" not in str(caught.value)
    return str(caught.value).replace(f"{folder}/", "")


@pytest.fixture
def abc(tmp_path):
    return write(tmp_path / "a.fa", ">1\nACGT\n>2\nACGA\n>3\nGG\n")


# --- a class a file, by file, folder or glob


def test_folder_and_glob_are_sorted_files(tmp_path):
    for name in ("b.fa", "a.fasta.gz", "c.FNA", ".hidden.fa", "notes.txt", "x.bed"):
        write(tmp_path / "f" / name, "")
    write(tmp_path / "f" / "deeper" / "d.fa", "")
    found = ["a.fasta.gz", "b.fa", "c.FNA"]
    assert [path.name for path in find_fasta(str(tmp_path / "f"))] == found
    assert [path.name for path in find_fasta(f"{tmp_path}/f/*.f*a*")] == ["a.fasta.gz", "b.fa"]
    assert [path.name for path in find_fasta(f"{tmp_path}/**/*.fa")] == ["b.fa", "d.fa"]
    write(tmp_path / "f" / "odd[1].fa", "")
    assert find_fasta(str(tmp_path / "f" / "odd[1].fa")) == [tmp_path / "f" / "odd[1].fa"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"^--fasta: no FASTA file in the folder '.*empty'; names"):
        find_fasta(str(tmp_path / "empty"))
    with pytest.raises(
        InputError, match=r"^--fasta: no file matches '.*f/\*\.xyz'; relative paths start"
    ):
        find_fasta(f"{tmp_path}/f/*.xyz")


def test_rows_of_a_sheet(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, record in (("p/1.fa", "a"), ("p/2.fa", "b"), ("n.fa", "c")):
        write(tmp_path / name, f">{record}\nACGT\n")
    write(
        tmp_path / "sheet.tsv",
        "dataset\tfasta\tlabel\tgroup\tsplit\nd\tp\tpos\tg\ttrain\n\n"
        "other\tq\tx\t\t\nd\tn.fa\tneg\t\ttest\n",
    )
    sources = sources_from_sheet(tmp_path / "sheet.tsv", "d")
    encode(tmp_path, sources)
    assert rows(tmp_path, "id", "source", "label", "group", "split") == [
        ("a", "1.fa", "pos", "g", "train"),
        ("b", "2.fa", "pos", "g", "train"),
        ("c", "n.fa", "neg", None, "test"),
    ]


def test_rows_that_do_not_fit(tmp_path, abc):
    other = write(tmp_path / "b.fa", ">4\nAC\n")
    assert "a.fa: give either 'label'" in refused(tmp_path, Source(abc))
    assert "a.fa: give either 'label'" in refused(tmp_path, Source(abc, "x", label_key="y"))
    assert refused(tmp_path, Source(abc, "x"), Source(abc, "y")) == (
        "a.fa: the file appears twice in the dataset"
    )
    assert refused(tmp_path, Source(abc, "x", split="train"), Source(other, "y")) == (
        "the dataset has 'split' in some rows, like the row of 'a.fa', but not in others, like the "
        "row of 'b.fa'; give it in all rows or in none"
    )
    assert "needs both train and test rows" in refused(
        tmp_path, Source(abc, "x", split="train"), Source(other, "y", split="validation")
    )
    assert refused(tmp_path, Source(abc, "x"), Source(other, "x")).startswith(
        "dataset: only one class ('x'); a classifier needs records of at least two"
    )
    sources = [Source(abc, "enhancr"), Source(other, "y")]
    assert refused(tmp_path, *sources, classes=["enhancer", "y"]) == (
        "dataset: class 'enhancr' is unknown (known: enhancer, y); did you mean 'enhancer'?"
    )
    assert "positive class 'xx' is unknown (known: x, y); did you mean" in refused(
        tmp_path, Source(abc, "x"), Source(other, "y"), positive="xx"
    )


def test_a_duplicate_id_is_named_with_its_files(tmp_path, abc):
    other = write(tmp_path / "b.fa", ">2 again\nAC\n")
    assert refused(tmp_path, Source(abc, "x"), Source(other, "y")) == (
        "b.fa: duplicate id '2': it appears in this file and a.fa; ids must be unique in a dataset "
        "(ids: header uses whole headers as ids)"
    )
    encode(tmp_path, [Source(abc, "x"), Source(other, "y")], ids="header")
    assert rows(tmp_path, "id")[-1] == ("2 again",)


# --- a labels TSV


def test_only_classes_that_occur_are_classes(tmp_path, abc):
    labels = write(tmp_path / "l.tsv", "note\tlabel\tid\n\ty\t2\n\tunused\t9\n\tx\t1\nn\ty\t3\n")
    table = encode(tmp_path, [Source(abc, labels=labels)])
    assert table.classes == ["x", "y"]
    assert [table.classes[t] for t in table.targets] == ["x", "y", "y"]
    audit = pd.read_csv(tmp_path / "intake.tsv", sep="\t")
    assert audit["label"].tolist() == ["x,y"]
    encode(tmp_path, [Source(abc, labels=labels)], classes=["z", "y", "x"])
    assert read_metadata(tmp_path)["classes"] == ["y", "x"]


def read_metadata(folder):
    return json.loads(pq.read_schema(folder / "sequences.parquet").metadata[b"bioseqrnn"])


def test_a_group_of_the_sheet_fills_blanks_of_the_labels_tsv(tmp_path, abc):
    labels = write(tmp_path / "l.tsv", "id\tlabel\tgroup\n1\tx\tg\n2\ty\t\n3\ty\n")
    encode(tmp_path, [Source(abc, labels=labels, group="rest")])
    assert rows(tmp_path, "group") == [("g",), ("rest",), ("rest",)]
    encode(tmp_path, [Source(abc, labels=labels)])
    assert rows(tmp_path, "group") == [("g",), (None,), (None,)]


BAD_TABLES = {
    "id\tlabel\n1\tx\n2\ty\n": "a.fa: record '3' has no label in l.tsv; add a row for it or remove",
    "id\tlabel\n1\tx\n2\ty\n\n1\tx\n": "l.tsv: line 5: id '1' is labelled twice",
    "id\tlabel\n1\tx\n2\t \n": "l.tsv: line 3 has no 'label' (columns: id, label[, group])",
    "id\tlabel\n1\tx\n2\n": "l.tsv: line 3 has no 'label' (columns: id, label[, group])",
    "id\tlabel\n\tx\n": "l.tsv: line 2 has no 'id' (columns: id, label[, group])",
    "id\tlabel\n1\tx\ty\n": "l.tsv: line 2: has more cells than the header",
    "name\tlabel\n1\tx\n": "l.tsv: no column 'id' (columns: id, label[, group])",
    "id,label\n1,x\n": "l.tsv: separated by commas; columns must be separated by tabs",
    "id\tlabel\n": "l.tsv: contains no labels (columns: id, label[, group])",
    "": "l.tsv: no column 'id' (columns: id, label[, group])",
}


@pytest.mark.parametrize("text", BAD_TABLES)
def test_bad_labels_tables(tmp_path, abc, text):
    labels = write(tmp_path / "l.tsv", text)
    assert refused(tmp_path, Source(abc, labels=labels)).startswith(BAD_TABLES[text])


def test_a_labels_table_that_is_none(tmp_path, abc):
    missing = tmp_path / "l.tsv"
    assert refused(tmp_path, Source(abc, labels=missing)) == (
        "labels l.tsv: no such file; check the path"
    )
    missing.write_bytes(b"id\tlabel\n1\tcaf\xe9\n")
    assert refused(tmp_path, Source(abc, labels=missing)) == (
        "l.tsv: not UTF-8 text; save it as UTF-8"
    )
    missing.write_bytes(bz2.compress(b"id\tlabel\n1\tx\n")[:-9])
    assert refused(tmp_path, Source(abc, labels=missing)).startswith(
        "l.tsv: the bz2 archive is damaged or cut short"
    )


IDS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Zs", "Zl", "Zp", "Cc", "Cs"]), min_size=1
)


@settings(max_examples=60, deadline=None)
@given(known=st.dictionaries(IDS, st.sampled_from("xyz"), min_size=1), asked=st.lists(IDS))
def test_look_up_is_that_of_a_dict(tmp_path_factory, known, asked):
    path = tmp_path_factory.mktemp("labels") / "l.tsv"
    text = "".join(f"{name}\t{label}\n" for name, label in known.items())
    path.write_text("id\tlabel\n" + text, encoding="utf-8", newline="")
    file = LabelFile(path)
    asked += list(known)
    found = file.find(pa.array(asked, pa.string())[0:])
    labels = [file.texts[file.label_codes[row]] if row >= 0 else None for row in found]
    assert labels == [known.get(name) for name in asked]
    assert file.used == len(file) == len(known)


def test_a_long_labels_table_is_read_in_little_memory(tmp_path):
    path = tmp_path / "l.tsv"
    lines = (f"record_{i}\tclass_{i % 7}\tgroup_{i % 1000}\n" for i in range(300_000))
    write(path, "id\tlabel\tgroup\n" + "".join(lines))
    tracemalloc.start()
    file = LabelFile(path)
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 60 * len(file)
    assert peak < 60_000_000
    ids = [f"record_{i}" for i in (5, 299_999, 300_000, 0)]
    found = file.find(pa.array(ids))
    assert [file.texts[file.label_codes[row]] for row in found[[0, 1, 3]]] == [
        "class_5", f"class_{299_999 % 7}", "class_0"
    ]  # fmt: skip
    assert found[2] == -1
    assert file.groups[file.group_codes[found[1]]] == "group_999"


# --- a key in the header


@pytest.mark.parametrize(
    ("title", "value"),
    [
        ("1 label=pos", ["pos"]),
        ("1 other=2 label=pos more", ["pos more"]),
        ("label=pos", ["pos"]),
        ("1|label=pos|split=train", ["pos"]),
        ("1|label=pos|training", ["pos"]),
        ("sp|P1|X label=a|b", ["a|b"]),
        ("1 label=pos;organism=E. coli", ["pos"]),
        ("1 label=pos,length=5", ["pos"]),
        ("1;label=pos;x", ["pos"]),
        ("1 label=pos; next", ["pos"]),
        ('1 label="two words" x', ["two words"]),
        ("1 label='two; words' x", ["two; words"]),
        ("1 [label=two words] [organism=x]", ["two words"]),
        ("1 label=x=y", ["x=y"]),
        ("1 label=", [""]),
        ('1 label=""', [""]),
        ("1 mylabel=pos", []),
        ("1 Label=pos", []),
        ("1 label pos", []),
        ("1 label=a label=a", ["a"]),
        ("1 label=a label=b", ["a", "b"]),
        ("sp|P1|X Protein A OS=Mus musculus OX=10090 GN=A", ["Mus musculus"]),
        ("tr|X OS=E. coli (strain K12 / [x]) OX=3", ["E. coli (strain K12 / [x])"]),
        ("P1 | organism=Pf | product=heat shock protein 70 | length=1", ["heat shock protein 70"]),
        ("P1 | product=membrane | kind=a", ["membrane"]),
        ("l [gene=h] [protein=[NiFe] hydrogenase] [protein_id=W]", ["[NiFe] hydrogenase"]),
        ("l [protein=a [b [c] d] e] x] [id=2]", ["a [b [c] d] e"]),
        ("l [protein=[NiFe hydrogenase] [id=1]", ["[NiFe hydrogenase"]),
        ("g ID=g1;Name=foo bar;product=x y, z", ["x y, z"]),
        ("g product=ATP synthase, chloroplastic; x=1", ["ATP synthase, chloroplastic"]),
        ("1, label=a, b", ["a"]),
        ("1 label=a b [x=1] label=a b", ["a b"]),
        ("1 label=weak enhancer\tx", ["weak enhancer"]),
        ("1 label='5' UTR' x=1", ["5' UTR"]),
        ("1 label='5' UTR'", ["5' UTR"]),
        ("1 label= OX=3", [""]),
        ("1 label=foo%2C bar", ["foo%2C bar"]),
        ("1\tlabel=ü", ["ü"]),
    ],
)
def test_values_of_a_key(title, value):
    key = next((k for k in ("OS", "product", "protein") if f"{k}=" in title), "label")
    assert HeaderKey(key).values(title) == value


def test_values_that_only_the_end_of_the_header_ends_are_told(tmp_path, capfd):
    fasta = write(tmp_path / "a.fa", ">1 kind=x of y\nAC\n>2 kind=z OX=1\nGG\n>3 kind=z w\nTT\n")
    encode(tmp_path, [Source(fasta, label_key="kind")])
    assert rows(tmp_path, "label") == [("x of y",), ("z",), ("z w",)]
    warning = next(line for line in capfd.readouterr().err.splitlines() if "warning" in line)
    assert warning.endswith(
        "a.fa: in 2 header(s) the value of 'kind=' extends to the end of the header, like 'x of "
        "y'; if it ends earlier, put it in quotes"
    )
    write(fasta, ">1 y=0.5 words\nAC\n>2 y=2 x=3\nGG\n")
    encode(tmp_path, [Source(fasta, label_key="y")], task="regression")
    assert rows(tmp_path, "label") == [(0.5,), (2.0,)]


@pytest.mark.parametrize(
    ("header", "hint"),
    [
        ("2 Label=y", "did you mean 'Label'?"),
        ("2 label = y", "write 'label=' without spaces"),
        ("2 label:y", "it has 'label:'; write 'label='"),
        (
            "2 organism=E length=3",
            "add one or give another label_key (this header has organism, le",
        ),
    ],
)
def test_a_key_that_some_headers_lack(tmp_path, header, hint):
    fasta = write(tmp_path / "a.fa", f">1 label=x\nAC\n>{header}\nGG\n")
    message = refused(tmp_path, Source(fasta, label_key="label"))
    assert message.startswith(f"a.fa: record '2' has no 'label=' in its header; {hint}")


def test_a_separator_of_several_labels_ends_no_value():
    assert HeaderKey("go", ";").values("1;go=a;b;x=1") == ["a;b"]
    assert HeaderKey("go", "|").values("1|go=a|b|x=1") == ["a|b"]
    assert HeaderKey("a.b").values("1 axb=2 a.b=3") == ["3"]


def test_labels_of_headers(tmp_path):
    fasta = write(tmp_path / "a.fa", ">1 kind=x\nAC\n>2|kind=y|z\nGG\n>3 [kind=x]\nTT\n")
    table = encode(tmp_path, [Source(fasta, label_key="kind", group="g")])
    assert rows(tmp_path, "id", "label", "group") == [
        ("1", "x", "g"), ("2|kind=y|z", "y", "g"), ("3", "x", "g")
    ]  # fmt: skip
    assert table.classes == ["x", "y"]


def test_bad_headers(tmp_path):
    fasta = write(tmp_path / "a.fa", ">1 label=x\nAC\n>2 lable=y\nGG\n")
    assert refused(tmp_path, Source(fasta, label_key="label")) == (
        "a.fa: record '2' has no 'label=' in its header; did you mean 'lable'?"
    )
    write(fasta, ">1 label=x\nAC\n>2 label= \nGG\n")
    assert refused(tmp_path, Source(fasta, label_key="label")) == (
        "a.fa: record '2' has no value after 'label='; add the label"
    )
    write(fasta, ">1 label=x\nAC\n>2 label=x label=y\nGG\n")
    assert refused(tmp_path, Source(fasta, label_key="label")) == (
        "a.fa: record '2' has two values of 'label=' in its header; keep one"
    )


# --- several labels, numbers


def test_several_labels(tmp_path):
    fasta = write(tmp_path / "a.fa", ">1\nAC\n>2\nGG\n>3\nTT\n>4\nTA\n")
    labels = write(tmp_path / "l.tsv", "id\tlabel\n1\tb; a\n2\ta;a\n3\t\n4\t;\n5\tspare\n")
    table = encode(tmp_path, [Source(fasta, labels=labels)], task="multilabel")
    assert rows(tmp_path, "label") == [(["a", "b"],), (["a"],), ([],), ([],)]
    assert pq.read_schema(tmp_path / "sequences.parquet").field("label").type == pa.list_(
        pa.string()
    )
    assert (table.metadata["task"], table.classes) == ("multilabel", ["a", "b"])
    assert table.targets.tolist() == [[True, True], [True, False], [False] * 2, [False] * 2]
    write(fasta, ">1 go=x,y\nAC\n>2 go=\nGG\n")
    encode(tmp_path, [Source(fasta, label_key="go")], task="multilabel", label_separator=",")
    assert rows(tmp_path, "label") == [(["x", "y"],), ([],)]
    other = write(tmp_path / "b.fa", ">3\nAA\n")
    sources = [Source(fasta, "p|q"), Source(other, "p")]
    encode(tmp_path, sources, task="multilabel", label_separator="|")
    assert rows(tmp_path, "label") == [(["p", "q"],)] * 2 + [(["p"],)]
    write(labels, "id\tlabel\n1\t;\n2\t\n")
    assert "dataset: no class at all" in refused(
        tmp_path, Source(fasta, labels=labels), task="multilabel"
    )
    write(labels, "id\tlabel\n1\tbindng\n2\t\n")
    assert "class 'bindng' is unknown (known: binding); did you mean 'binding'?" in refused(
        tmp_path, Source(fasta, labels=labels), task="multilabel", classes=["binding"]
    )


def test_numbers(tmp_path, abc):
    labels = write(tmp_path / "l.tsv", "id\tlabel\n1\t-1.5\n2\t2e3\n3\t7\n")
    table = encode(tmp_path, [Source(abc, labels=labels)], task="regression")
    assert rows(tmp_path, "label") == [(-1.5,), (2000.0,), (7.0,)]
    assert (table.metadata["task"], table.classes) == ("regression", [])
    audit = pd.read_csv(tmp_path / "intake.tsv", sep="\t", keep_default_na=False)
    assert audit["label"].tolist() == [""]


@pytest.mark.parametrize("text", ["high", "0,5", "nan", "inf", "1e999", "1_000", "0x1F", "1 2"])
def test_what_is_no_number(tmp_path, abc, text):
    labels = write(tmp_path / "l.tsv", f"id\tlabel\n1\t1\n2\t2\n3\t{text}\n")
    ending = f"label '{text}' is not a finite number, as regression needs"
    ending += "; write 0.5" if text == "0,5" else ""
    message = refused(tmp_path, Source(abc, labels=labels), task="regression")
    assert message == f"l.tsv: line 4 (record '3'): {ending}"
    fasta = write(tmp_path / "h.fa", f'>1 y=1\nAC\n>2 y="{text}"\nGG\n')
    message = refused(tmp_path, Source(fasta, label_key="y"), task="regression")
    assert message == f"h.fa: record '2': {ending}"
    assert refused(tmp_path, Source(abc, text), task="regression") == f"a.fa: {ending}"


# --- intervals of a genome

LINE = "ACGTTGCATTRacgttgcAAN"


@pytest.fixture
def genome(tmp_path):
    return write(tmp_path / "g.fa", f">c1 first\n{LINE}\n{LINE}\n>c2\n{LINE}\n")


def test_windows_on_both_strands_are_those_of_biopython(tmp_path, genome):
    bed = write(
        tmp_path / "x.bed",
        "track name=x\nbrowser hide all\n# a comment\nc1\t1\t13\tp\t0\t+\n\nc1\t1\t13\tn\t0\t-\r\n"
        "c2\t0\t21\tp\t.\t.\t0\t0\t0\nc2 3 9 n\n",
    )
    [(found, sequences)] = interval_windows(Genome(genome), bed, None)
    whole = Seq(LINE * 2)
    assert sequences == [
        str(whole[1:13]), str(whole[1:13].reverse_complement()), LINE, LINE[3:9]
    ]  # fmt: skip
    assert [row.line for row in found] == [4, 6, 7, 8]
    table = encode(tmp_path, [Source(genome, intervals=bed)])
    assert rows(tmp_path, "id", "label", "length", "source") == [
        ("c1:1-13(+)", "p", 12, "x.bed"), ("c1:1-13(-)", "n", 12, "x.bed"),
        ("c2:0-21(+)", "p", 21, "x.bed"), ("c2:3-9(+)", "n", 6, "x.bed"),
    ]  # fmt: skip
    assert set(table.metadata["sources"]) == {"g.fa", "x.bed"}
    for letters in (LINE, LINE.lower(), "RYSWKMBDHVN"):
        assert reverse_complement(letters) == str(Seq(letters).reverse_complement())


def test_a_table_of_intervals_has_columns_in_any_order(tmp_path, genome):
    table = write(
        tmp_path / "x.tsv",
        "#group\tlabel\tend\tnote\tid\tstrand\tchrom\tstart\n"
        "g\tp\t9\t\tfirst\t-\tc1\t3\n\tn\t8\t\t\t\tc2\t2\n",
    )
    encode(tmp_path, [Source(genome, intervals=table)])
    assert rows(tmp_path, "id", "label", "length", "group") == [
        ("first", "p", 6, "g"), ("c2:2-8(+)", "n", 6, None)
    ]  # fmt: skip
    encode(tmp_path, [Source(genome, intervals=table, group="rest")])
    assert rows(tmp_path, "group") == [("g",), ("rest",)]


def test_a_window_around_the_middle(tmp_path, genome):
    bed = write(tmp_path / "x.bed", "c1\t10\t11\na\nc1\t9\t14\tb\n".replace("\na\n", "\ta\n"))
    for window, places in ((6, ["c1:7-13(+)", "c1:8-14(+)"]), (1, ["c1:10-11(+)", "c1:11-12(+)"])):
        encode(tmp_path, [Source(genome, intervals=bed)], window=window)
        assert rows(tmp_path, "id", "length") == [(place, window) for place in places]
    assert refused(tmp_path, Source(genome, intervals=bed), window=30) == (
        "x.bed: line 1: c1:-5-25 extends past the end of the chromosome (42 bases); remove the "
        "line or use a smaller window"
    )


@pytest.mark.parametrize("width", [1, 2, 4, 5])
@pytest.mark.parametrize("window", [3, 4, 5, 6, 9])
def test_windows_on_both_strands_of_one_place_are_the_same(tmp_path, window, width):
    bases = "GATTACAGGCATTCGA"
    whole = bases + "N" * 9 + reverse_complement(bases)
    path = write(tmp_path / "g.fa", f">c\n{whole}\n")
    start, size = 6, len(whole)
    bed = write(
        tmp_path / "x.bed",
        f"c\t{start}\t{start + width}\tp\t0\t+\n"
        f"c\t{size - start - width}\t{size - start}\tn\t0\t-\n",
    )
    [(found, (plus, minus))] = interval_windows(Genome(path), bed, window)
    assert plus == minus
    # the middle base, of two the second, stands at one place
    assert plus[window // 2] == bases[start + width // 2]
    assert [row.end - row.start for row in found] == [window, window]


def test_two_files_of_intervals_over_one_genome(tmp_path, genome):
    one = write(tmp_path / "one.bed", "c1\t0\t9\nc2\t0\t9\n")
    two = write(tmp_path / "two.bed", "c1\t5\t9\n")
    sources = [Source(genome, "p", intervals=one), Source(genome, "n", intervals=two)]
    encode(tmp_path, sources)
    assert [row[:2] for row in rows(tmp_path, "label", "source")] == [
        ("p", "one.bed"), ("p", "one.bed"), ("n", "two.bed")
    ]  # fmt: skip
    audit = pd.read_csv(tmp_path / "intake.tsv", sep="\t")
    assert audit[["source", "label", "records"]].to_numpy().tolist() == [
        ["one.bed", "p", 2], ["two.bed", "n", 1]
    ]  # fmt: skip
    write(two, "c2\t0\t9\n")
    assert refused(tmp_path, *sources) == (
        "two.bed: duplicate id 'c2:0-9(+)': it appears in this file and one.bed; ids must be "
        "unique in a dataset"
    )


def test_one_file_of_intervals_over_two_genomes(tmp_path, genome):
    other = write(tmp_path / "h.fa", f">d\n{LINE[::-1]}\n")
    one = write(tmp_path / "x" / "i.bed", "c1\t0\t9\n")
    two = write(tmp_path / "y" / "i.bed", "d\t0\t9\n")
    encode(tmp_path, [Source(genome, "p", intervals=one), Source(other, "n", intervals=two)])
    assert rows(tmp_path, "source") == [(str(one),), (str(two),)]


BAD_INTERVALS = {
    "c1\t5\n": "line 1: needs chromosome, start and end, separated by tabs; is it BED or TSV?",
    "c1\t5\t\n": "line 1: needs chromosome, start and end, separated by tabs; is it BED or TSV?",
    "c1\t5\tx\n": "line 1: start '5' and end 'x' must be whole numbers",
    "c1\t5.0\t9\n": "line 1: start '5.0' and end '9' must be whole numbers",
    "# x\nc1\t9\t9\tp\n": (
        "line 2: 9-9 is not an interval; start and end must satisfy 0 <= start < end"
    ),
    "c1\t-1\t9\tp\n": (
        "line 1: -1-9 is not an interval; start and end must satisfy 0 <= start < end"
    ),
    "c1\t9\t5\tp\n": "line 1: 9-5 is not an interval; start and end must satisfy 0 <= start < end",
    "c1\t5\t9\tp\t0\tx\n": "line 1: strand 'x' is unknown; it must be one of + - .",
    "c1\t5\t9\n": "line 1 has no label; give it in the fourth column of BED or the column",
    "c1\t5\t9\t.\n": "line 1 has no label; give it in the fourth column of BED or the column",
    "chr1\t5\t9\tp\n": "line 1: no chromosome 'chr1' in g.fa (it has c1, c2)",
    "c1\t5\t99\tp\n": (
        "line 1: c1:5-99 extends past the end of the chromosome (42 bases); remove the line"
    ),
    "chrom\tstart\tend\nc1\t5\t9\tp\n": "line 2: has more cells than the header",
    "": "contains no interval",
    "# nothing\n": "contains no interval",
}


@pytest.mark.parametrize("text", BAD_INTERVALS)
def test_bad_intervals(tmp_path, genome, text):
    bed = write(tmp_path / "x.bed", text)
    assert refused(tmp_path, Source(genome, intervals=bed)).startswith("x.bed: ")
    assert refused(tmp_path, Source(genome, intervals=bed))[7:].startswith(BAD_INTERVALS[text])


def test_intervals_that_cannot_be(tmp_path, genome):
    bed = tmp_path / "x.bed"
    assert refused(tmp_path, Source(genome, intervals=bed)) == (
        "intervals x.bed: no such file; check the path"
    )
    bed.write_bytes(b"c1\t1\t5\tcaf\xe9\n")
    assert refused(tmp_path, Source(genome, intervals=bed)) == (
        "x.bed: not UTF-8 text; save it as UTF-8"
    )
    write(bed, "p\t1\t5\tx\n")
    protein = write(tmp_path / "p.fa", ">p\nMKLVREQWERTY\n")
    assert refused(tmp_path, Source(protein, intervals=bed)) == (
        "p.fa: intervals are only for DNA, but this is protein"
    )


def test_intervals_are_read_one_at_a_time(tmp_path):
    write(tmp_path / "x.bed", "c1\t1\t5\n" * 3 + "c1\tx\t5\n")
    rows_ = read_intervals(tmp_path / "x.bed")
    assert [next(rows_).line for _ in range(3)] == [1, 2, 3]
    with pytest.raises(InputError, match="line 4"):
        next(rows_)


# --- one label a residue


def test_labels_of_residues(tmp_path):
    fasta = write(
        tmp_path / "a.txt", ">1 x\r\nMKLV\r\nHH E\r\n\n>2\nGG-\n#;\n".replace("HH E", "HHEE")
    )
    fasta.write_text(fasta.read_text().replace("GG-", "G-G"), newline="")
    table = encode(tmp_path, [Source(fasta)], task="per_position")
    assert rows(tmp_path, "id", "length", "label") == [("1", 4, "HHEE"), ("2", 2, "#;")]
    assert pq.read_schema(tmp_path / "sequences.parquet").field("label").type == pa.string()
    assert (table.metadata["task"], table.classes) == ("per_position", list("#;EH"))
    assert pd.read_csv(tmp_path / "intake.tsv", sep="\t")["label"].tolist() == ["#,;,E,H"]


def test_dna_whose_labels_look_like_protein_is_dna(tmp_path):
    fasta = write(tmp_path / "a.txt", ">1\nACGTACGT\nEEEIIIHH\n>2\nACGT\nEEEE\n")
    assert encode(tmp_path, [Source(fasta)], task="per_position").alphabet.name == "dna"


BAD_THREE = {
    ">1\nMKLV\nHHEE\n>2\nGG\n": (
        "record 2 ('2') has 2 lines; a record with a label for each residue"
    ),
    ">1 x\nMKLV\nRR\nHHEEHH\n": (
        "record 1 ('1 x') has 4 lines; a record with a label for each residue"
    ),
    ">1\nMKLV\nHHE\n": "record '1' has 4 residues (gaps and a final '*' do not count) but 3 labels",
    ">1\nMK-V*\nHHEEE\n": "record '1' has 3 residues (gaps and a final '*' do not count) but 5",
    ">1\nMKLV\nHH E\n": "record '1' has white space among its labels; give one",
    ">\nMKLV\nHHEE\n": "record 1 has no id after '>'; give it one",
    ">1\nMK1V\nHHEE\n": "record '1', position 3: '1' is not a protein letter",
    "": "empty FASTA file (no '>' record)",
}


@pytest.mark.parametrize("text", BAD_THREE)
def test_bad_three_line_files(tmp_path, text):
    fasta = write(tmp_path / "a.txt", text)
    message = refused(tmp_path, Source(fasta), task="per_position", alphabet="protein")
    assert message.startswith(f"a.txt: {BAD_THREE[text]}")


def test_other_labels_beside_those_of_residues_are_refused(tmp_path):
    fasta = write(tmp_path / "a.txt", ">1\nMKLV\nHHEE\n")
    assert refused(tmp_path, Source(fasta, "x"), task="per_position") == (
        "a.txt: 'label' is given, but with task per_position the labels are in the third line of "
        "each record; remove it"
    )


# --- the command line


def test_every_way_on_the_command_line(cli, tmp_path):
    write(tmp_path / "f" / "a.fa", ">1 kind=x\nACGT\n>2 kind=y\nACGA\n")
    write(tmp_path / "l.tsv", "id\tlabel\n1\tx\n2\ty\n")
    write(tmp_path / "i.bed", "1\t0\t2\tx\n2\t1\t3\ty\n")
    write(tmp_path / "sheet.tsv", "dataset\tfasta\tlabels\nd\tf\tl.tsv\n")
    out = ["--intake", "intake.tsv", "--output", "sequences.parquet"]
    for words in (
        ["--fasta", "f", "--labels", "l.tsv"],
        ["--fasta", "f/*.fa", "--label-key", "kind"],
        ["--fasta", "f/a.fa", "--intervals", "i.bed"],
        ["--sheet", "sheet.tsv", "--dataset", "d"],
    ):
        done = cli("encode", *words, *out)
        assert done.code == 0, done.err
        assert rows(tmp_path, "label") == [("x",), ("y",)]
    for words, message in (
        ([], "give --fasta (with --label or --labels), or --sheet with --dataset"),
        (["--fasta", "f", "--label", "x", "--label", "y"], "1 --fasta but 2 --label; give one"),
        (["--fasta", "f", "--label", "x", "--labels", "l.tsv"], "f/a.fa: give either 'label'"),
        (["--sheet", "sheet.tsv"], (
            "--sheet needs --dataset, and is not combined with --fasta or labels"
        )),
        (["--sheet", "sheet.tsv", "--dataset", "e"], "sheet.tsv: no row has the dataset 'e'"),
        (["--fasta", "f", "--label-key", "kind", "--options", '{"taks": 1}'],
         "--options: unknown setting 'taks'; did you mean 'task'?"),
        (["--fasta", "f", "--label-key", "kind", "--options", "task"], "--options: not JSON"),
    ):  # fmt: skip
        done = cli("encode", *words, *out)
        assert done.code == 2
        assert len(done.err.splitlines()) == 1
        assert done.err.startswith(f"bioseqrnn: error: {message}")
