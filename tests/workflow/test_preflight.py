"""Bad configuration and sheets: one clear line each, before any job starts."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.workflow


def change(**values):
    def apply(project):
        config = project.read_config()
        for key, value in values.items():
            node = config
            *parents, last = key.split("__")
            for parent in parents:
                node = node.setdefault(parent, {})
            node[last] = value
        project.write_config(config)

    return apply


def sheet(name, *rows):
    return lambda project: project.write_sheet(name, *rows)


def raw(path, data):
    return lambda project: (project.folder / path).write_bytes(data)


def labels_tsv(data):
    def apply(project):
        (project.folder / "data" / "l.tsv").write_bytes(data)
        project.write_sheet("datasets", "dataset fasta labels", "dna data/EI.fa data/l.tsv")
        project.write_sheet("queries", "query dataset fasta")
        change(dataset_options={})(project)

    return apply


HEAD = "dataset fasta label"
CASES = {
    "transfer of an unknown dataset": (
        change(transfer={"kinds": ["pep", "dan"]}),
        "config/config.yaml: transfer.kinds: unknown dataset 'dan'; did you mean 'dna'?",
    ),
    "typo": (
        change(folds__cuont=3),
        "config/config.yaml: folds: unknown key 'cuont'; did you mean 'count'?",
    ),
    "model typo": (
        change(models__gru__hiden_size=3),
        "config/config.yaml: models.gru: unknown key 'hiden_size'; did you mean 'hidden_size'?",
    ),
    "wrong type": (
        change(models__gru__epochs="ten"),
        "config/config.yaml: models.gru.epochs: 'ten' is not a whole number",
    ),
    "text for a number": (
        change(models__gru__learning_rate="1e-3"),
        "config/config.yaml: models.gru.learning_rate: '1e-3' is text, not a number; write 0.001",
    ),
    "out of range": (
        change(folds__count=1),
        "config/config.yaml: folds.count: 1 is less than the minimum of 2",
    ),
    "unknown cell": (
        change(models__gru__cell="gruu"),
        "config/config.yaml: models.gru.cell: 'gruu' is not allowed; did you mean 'gru'?",
    ),
    "bf16 on a CPU": (
        change(device="cpu", models__gru__precision="bf16"),
        "config/config.yaml: models.gru.precision: bf16 needs a GPU, but device is cpu; write fp32",
    ),
    "even width": (
        change(models__gru__stem_width=4),
        "config/config.yaml: models.gru.stem_width: 4 must be an odd number",
    ),
    "bad model name": (
        change(models={"a b": {"cell": "gru"}}),
        "config/config.yaml: models: name 'a b' may contain only letters, digits, '.', '_' and '-'",
    ),
    "model without a cell": (
        change(models={"m": {}}),
        "config/config.yaml: models.m: 'cell' is missing",
    ),
    "model named like a baseline": (
        change(models={"composition": {"cell": "gru"}}),
        "config/config.yaml: models: 'composition' is the name of a baseline; rename it",
    ),
    "model named like an ensemble": (
        change(models={"gru": {"cell": "gru"}, "gru_ensemble": {"cell": "gru"}}),
        "config/config.yaml: models: the evaluation adds its own row 'gru_ensemble' "
        "(docs/evaluation.md); rename the model",
    ),
    "unknown dataset option": (
        change(dataset_options={"pepp": {}}),
        "config/config.yaml: dataset_options: unknown dataset 'pepp'; did you mean 'pep'?",
    ),
    "unknown positive class": (
        change(dataset_options={"pep": {"positive": "APC"}}),
        "config/config.yaml: dataset_options.pep.positive: unknown class 'APC'; did you mean",
    ),
    "genes of one strand": (
        change(dataset_options={"dna": {"opposite": {"F": "R"}, "coding": "C"}}),
        "config/config.yaml: dataset_options.dna.coding: class 'C' has no opposite class",
    ),
    "a genetic code that is not read": (
        change(dataset_options={"dna": {"genetic_code": 2}}),
        "config/config.yaml: dataset_options.dna.genetic_code: '2' is not allowed; known: 1, 11, 4",
    ),
    "undeclared class": (
        change(dataset_options={"dna": {"classes": ["EI", "IE"]}}),
        "config/datasets.tsv: class 'N' of 'dna' is not in dataset_options.dna.classes",
    ),
    "not YAML": (
        raw("config/config.yaml", b"folds:\n  count: [2\nseeds: [1]\n"),
        "config/config.yaml: line 3: not valid YAML",
    ),
    "no settings": (
        raw("config/config.yaml", b"# nothing\n"),
        "config/config.yaml: contains no settings",
    ),
    "value for a section": (
        change(folds=2),
        "config/config.yaml: folds: 2 is not a section of keys and values",
    ),
    "text for a section": (
        change(folds="2"),
        "config/config.yaml: folds: '2' is not a section of keys and values",
    ),
    "commas": (
        raw("config/datasets.tsv", b"dataset,fasta,label\npep,data/ACP.fa,ACP\n"),
        "config/datasets.tsv: separated by commas; columns must be separated by tabs",
    ),
    "no header": (
        sheet("datasets", "pep data/ACP.fa ACP"),
        "config/datasets.tsv: no column 'dataset' (columns: dataset, fasta[, label, labels, "
        "label_key, intervals, split, group]); it has 'pep', 'data/ACP.fa', 'ACP'",
    ),
    "stray quote": (
        sheet(
            "datasets", HEAD, 'pep data/ACP.fa "ACP', "pep data/Random.fa Random",
            "dna data/EI.fa EI", "dna data/IE.fa IE",
        ),
        "config/config.yaml: dataset_options.pep.positive: unknown class 'ACP'; did you",
    ),
    "brace in a path": (
        sheet("datasets", HEAD, "pep data/{x}.fa ACP", "pep data/Random.fa Random"),
        "config/datasets.tsv: line 2: 'data/{x}.fa' contains a brace",
    ),
    "float for an integer": (
        change(folds__count=3.0),
        "config/config.yaml: folds.count: 3.0 is not a whole number",
    ),
    "number as a name": (
        change(dataset_options={2024: {}}),
        "config/config.yaml: dataset_options.2024 is not text; put the key in quotes",
    ),
    "number as a class": (
        change(dataset_options={"pep": {"positive": 1}}),
        "config/config.yaml: dataset_options.pep.positive: 1 does not fit; names must be text",
    ),
    "class named twice": (
        change(dataset_options={"dna": {"classes": ["EI", "EI", "IE", "N"]}}),
        "config/config.yaml: dataset_options.dna.classes: ['EI', 'EI', 'IE', 'N'] has non-unique",
    ),
    "results in the root": (
        change(results="/"),
        "config/config.yaml: results: '/' is not a folder to write into",
    ),
    "no such sheet": (
        change(datasets="config/nothing.tsv"),
        "config/nothing.tsv: no such file",
    ),
    "no such fasta": (
        sheet("datasets", HEAD, "pep data/ACP.fa ACP", "pep data/Rndom.fa Random"),
        "config/datasets.tsv: line 3: no such file 'data/Rndom.fa'",
    ),
    "one class": (
        sheet(
            "datasets", HEAD, "pep data/ACP.fa ACP", "pep data/Random.fa Random",
            "dna data/EI.fa EI", "dna data/IE.fa EI",
        ),
        "config/datasets.tsv: dataset 'dna' has only one class (EI)",
    ),
    "no label": (
        sheet("datasets", HEAD, "pep data/ACP.fa ACP", "pep data/Random.fa"),
        "config/datasets.tsv: line 3: give either 'label'",
    ),
    "unknown column": (
        sheet("datasets", "dataset fasta lable", "pep data/ACP.fa ACP"),
        "config/datasets.tsv: unknown column 'lable'; did you mean 'label'?",
    ),
    "path in a name": (
        sheet("datasets", HEAD, "../pep data/ACP.fa ACP"),
        "config/datasets.tsv: line 2: dataset: '../pep' may contain only letters, digits",
    ),
    "file twice": (
        sheet("datasets", HEAD, "pep data/ACP.fa ACP", "pep data/ACP.fa Random"),
        "config/datasets.tsv: line 3: 'data/ACP.fa' appears twice in 'pep'",
    ),
    "half a split": (
        raw(
            "config/datasets.tsv",
            b"dataset\tfasta\tlabel\tsplit\npep\tdata/ACP.fa\tACP\ttrain\n"
            b"pep\tdata/Random.fa\tRandom\t\n",
        ),
        "config/datasets.tsv: 'pep' has 'split' in some rows, like the row of 'data/ACP.fa', but "
        "not in others, like the row of 'data/Random.fa'; give it in all rows or in none",
    ),
    "no test rows": (
        sheet(
            "datasets", "dataset split fasta label", "pep train data/ACP.fa ACP",
            "pep validation data/Random.fa Random",
        ),
        "config/datasets.tsv: 'pep' has 'split', which needs both train and test rows",
    ),
    "glob without a file": (
        sheet("datasets", HEAD, "pep data/A*.faa ACP"),
        "config/datasets.tsv: line 2: no file matches 'data/A*.faa'; relative paths start at",
    ),
    "folder without a file": (
        sheet("datasets", HEAD, "pep config ACP"),
        "config/datasets.tsv: line 2: no FASTA file in the folder 'config'; names must end in .fa",
    ),
    "two kinds of label": (
        sheet("datasets", "dataset fasta label label_key", "pep data/ACP.fa ACP class"),
        "config/datasets.tsv: line 2: give either 'label' (the class of the file) or 'labels'",
    ),
    "no such intervals": (
        sheet("datasets", "dataset fasta intervals", "dna data/EI.fa data/no.bed"),
        "config/datasets.tsv: line 2: no such file 'data/no.bed'",
    ),
    "labels beside those of residues": (
        change(dataset_options={"pep": {"task": "per_position"}}),
        "config/datasets.tsv: line 2: 'label' is given, but with task per_position the labels",
    ),
    "negatives of numbers": (
        change(dataset_options={"dna": {"task": "regression", "negatives": {"method": "shuffle"}}}),
        "config/config.yaml: dataset_options.dna.negatives: negatives are a class, but task "
        "regression",
    ),
    "negatives of a class that is there": (
        change(dataset_options={"dna": {"negatives": {"method": "shuffle", "label": "N"}}}),
        "config/datasets.tsv: class 'N' of 'dna' is also the class of its made negatives; set",
    ),
    "negatives without their genome": (
        change(dataset_options={"dna": {"negatives": {"method": "genome"}}}),
        "config/config.yaml: dataset_options.dna.negatives: method genome needs 'genome'",
    ),
    "no shards": (
        change(shards=0),
        "config/config.yaml: shards: 0 is less than the minimum of 1",
    ),
    "query of an unknown dataset": (
        sheet("queries", "query dataset fasta", "new dnaa data/query.fa"),
        "config/queries.tsv: line 2: unknown dataset 'dnaa'; did you mean 'dna'?",
    ),
    "labels separated by commas": (
        labels_tsv(b"id,label\r\nr1,a\r\n"),
        "data/l.tsv: separated by commas; columns must be separated by tabs",
    ),
    "column of labels in capitals": (
        labels_tsv(b"# of 2026\n#id\tlabel\tGroup\nr1\ta\tg\n"),
        "data/l.tsv: unknown column 'Group'; did you mean 'group'?",
    ),
    "query twice": (
        sheet("queries", "query dataset fasta", "q dna data/query.fa", "q dna data/EI.fa"),
        "config/queries.tsv: line 3: query 'q' appears twice for 'dna'",
    ),
    "non-UTF-8 sheet": (
        raw("config/datasets.tsv", b"dataset\tfasta\tlabel\npep\tdata/ACP.fa\tcaf\xe9\n"),
        "config/datasets.tsv: not UTF-8 text; save it as UTF-8",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", list(CASES))
def test_one_clear_line_before_any_job(project, case):
    spoil, message = CASES[case]
    spoil(project)
    done = project.snakemake()
    assert done.code == 2
    lines = [line for line in (done.out + done.err).splitlines() if "workflow specific" not in line]
    assert len(lines) == 1, lines
    assert lines[0].startswith(f"bioseqrnn: error: {message}")
    assert not (project.folder / "results").exists()
