# Checks of configuration and sheets, before any job starts; each problem is one line.
import csv
import difflib
import functools
import glob
import itertools
import json
import os
import re
import sys
import unicodedata
from pathlib import Path

import jsonschema
import yaml

# files that a glob may stand for, and files and folders that are looked through for them
MOST_FILES = 100_000


def is_one_line(text):
    """Whether a name has no control character, line break or half of a character in it."""
    return text.isprintable() or not any(
        unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in text
    )


def stop(message):
    """End with one line: an exception would bury it among file names and line numbers."""
    # names may be anybody's: what controls a terminal is shown, not sent
    shown = "".join(c if is_one_line(c) else ascii(c)[1:-1] for c in message)
    sys.stderr.write(f"bioseqrnn: error: {shown}\n")
    raise SystemExit(2)


def read_schema(name):
    path = workflow.source_path(f"../schemas/{name}.schema.yaml")
    with open(path, encoding="utf-8") as handle:
        return yaml.safe_load(handle)


def suggestion(name, known):
    """A likely correction of a name, or what is known."""
    close = difflib.get_close_matches(str(name), [str(k) for k in known], n=1)
    return (
        f"did you mean '{close[0]}'?" if close else f"known: {', '.join(sorted(known))}"
    )


TYPE_WORDS = {
    "object": "a section of keys and values",
    "array": "a list, like [1, 2]",
    "integer": "a whole number",
    "number": "a number",
    "string": "text; put it in quotes",
    "boolean": "true or false",
}


def is_integer(checker, value):
    # JSON Schema takes 3.0 for an integer; the command line does not
    return isinstance(value, int) and not isinstance(value, bool)


SchemaValidator = jsonschema.validators.extend(
    jsonschema.Draft202012Validator,
    type_checker=jsonschema.Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", is_integer
    ),
)


def unknown_keys(error):
    """Keys of a section that the schema has not."""
    if error.validator != "additionalProperties":
        return []
    known = error.schema.get("properties", {})
    patterns = error.schema.get("patternProperties", {})
    return [
        key
        for key in error.instance
        if key not in known and not any(re.search(p, str(key)) for p in patterns)
    ]


def schema_problem(error, quoted=True):
    """One line for a schema error: key, what is wrong, what to do.

    ``quoted``: in a file, where quotes make text of a number and the other way round.
    """
    key = ".".join(str(part) for part in error.absolute_path)
    prefix = f"{key}: " if key else ""
    if error.validator == "additionalProperties":
        known = list(error.schema.get("properties", {}))
        extra = unknown_keys(error)
        if error.schema.get("patternProperties"):
            return f"{prefix}name '{extra[0]}' may have letters, digits, '.', '_' and '-' only"
        return f"{prefix}unknown key '{extra[0]}'; {suggestion(extra[0], known)}"
    numeric = error.validator == "type" and error.validator_value in (
        "integer",
        "number",
    )
    if numeric and quoted and isinstance(error.instance, str):
        try:
            float(error.instance)
            return f"{prefix}'{error.instance}' is text, not a number; write 0.001 instead of 1e-3, and no quotes"
        except ValueError:
            pass
    if error.validator == "type" and error.validator_value == "string" and not quoted:
        return f"{prefix}{error.instance!r} is not text; write it in two kinds of quotes, like '\"2024\"'"
    if error.validator == "type":
        return f"{prefix}{error.instance!r} is not {TYPE_WORDS[error.validator_value]}"
    if error.validator == "required":
        missing = [name for name in error.validator_value if name not in error.instance]
        return f"{prefix}'{missing[0]}' is missing"
    if error.validator == "anyOf":
        # a setting that is a number or a word: what is wrong with it as a number
        words = [e for e in error.context if e.validator == "const"]
        if words:
            others = [e for e in error.context if e.validator != "const"]
            problem = schema_problem(others[0], quoted)
            return f"{problem} (or write {words[0].validator_value})"
        # of several kinds of value, the one that was meant
        meant = [e for e in error.context if not (e.validator == "type" and not e.path)]
        if meant:
            return schema_problem(meant[0], quoted)
        if key.startswith("search.space."):
            return f"{prefix}give a list of choices, like [7, 11], or of a number a range, like {{low: 1, high: 9}}"
        return f"{prefix}{error.instance!r} does not fit; names must be text, put them in quotes"
    if error.validator == "enum":
        return f"{prefix}'{error.instance}' is not allowed; {suggestion(error.instance, error.validator_value)}"
    if error.validator == "not":
        return f"{prefix}{error.instance} must be an odd number"
    if error.validator == "pattern" and key == "results":
        return f"{prefix}'{error.instance}' is not a folder to write into"
    if error.validator == "pattern":
        return f"{prefix}'{error.instance}' may have letters, digits, '.', '_' and '-' only"
    if error.validator == "minLength":
        return f"{prefix}is empty"
    return f"{prefix}{error.message}"


def first_problem(instance, validator):
    """The deepest error, which is the one that names the key; None where there is none."""
    errors = sorted(
        validator.iter_errors(instance),
        key=lambda e: (-len(e.absolute_path), e.message),
    )
    return errors[0] if errors else None


def unexpanded(path):
    """What to say of a path that a shell would read otherwise."""
    for sign in ("~", "$"):
        if path.startswith(sign) or (sign == "$" and re.search(r"\$[A-Za-z_{]", path)):
            return f"; '{sign}' stands for itself here, write the path out"
    return ""


def check_path(where, path):
    """Refuse a path that Snakemake or a command would read otherwise."""
    if not is_one_line(path):
        stop(f"{where}: {ascii(path)} has a control character or line break in it")
    if "{" in path or "}" in path:
        stop(
            f"{where}: '{path}' has a brace in it, which Snakemake would read as a wildcard"
            f"{unexpanded(path)}"
        )
    if re.search("<[a-z][a-z0-9_]*>", path):
        stop(
            f"{where}: '{path}' has a name in <…>, which Snakemake would replace; rename it"
        )
    if path.startswith("-"):
        stop(f"{where}: '{path}' begins like an option of a command; write ./{path}")


def read_sheet(path, schema_name):
    """Rows of a sheet as dicts of text with their line numbers; blank cells are left out."""
    validator = SchemaValidator(read_schema(schema_name))
    columns = validator.schema["properties"]
    if not Path(path).is_file():
        hint = unexpanded(path) or "; 'config/README.md' says what it holds"
        stop(
            f"{path}: {'is not a file' if Path(path).exists() else 'no such file'}{hint}"
        )
    rows = []
    try:
        with open(path, newline="", encoding="utf-8-sig") as handle:
            reader = csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE)
            reader.fieldnames = [name.strip() for name in reader.fieldnames or []]
            if len(reader.fieldnames or []) == 1 and "," in reader.fieldnames[0]:
                stop(f"{path}: separated by commas; columns must be separated by tabs")
            for name in reader.fieldnames or []:
                if name not in columns:
                    stop(
                        f"{path}: unknown column '{name}'; {suggestion(name, columns)}"
                    )
                if reader.fieldnames.count(name) > 1:
                    stop(f"{path}: column '{name}' stands twice; rename or remove one")
            for name in validator.schema["required"]:
                if name not in (reader.fieldnames or []):
                    stop(f"{path}: no column '{name}' (tab-separated, with a header)")
            for row in reader:
                where = f"{path}: line {reader.line_num}"
                if None in row:
                    stop(f"{where}: more cells than the header")
                cells = {k: v.strip() for k, v in row.items() if v and v.strip()}
                if not cells:
                    continue
                for name in validator.schema["required"]:
                    if name not in cells:
                        stop(f"{where}: '{name}' is empty")
                for name, cell in cells.items():
                    if not is_one_line(cell):
                        stop(
                            f"{where}: {name}: {ascii(cell)} has a control character in it"
                        )
                error = first_problem(cells, validator)
                if error:
                    stop(f"{where}: {schema_problem(error)}")
                rows.append((where, cells))
    except UnicodeDecodeError:
        stop(f"{path}: not UTF-8 text; save it as UTF-8")
    except csv.Error as error:
        stop(f"{path}: line {reader.line_num}: {error}; is it a table?")
    return rows


def elsewhere(path):
    """Whether a file is not on this machine's file systems but in remote storage (docs/cluster.md)."""
    return "://" in path or bool(workflow.storage_settings.default_storage_provider)


def check_fasta(where, path):
    check_path(where, path)
    if elsewhere(path):
        # Snakemake looks for it before any job starts
        return
    if not Path(path).exists():
        hint = unexpanded(path) or f"; paths start at {Path.cwd()}"
        stop(f"{where}: no such file '{path}'{hint}")
    if not Path(path).is_file():
        stop(f"{where}: '{path}' is not a file")


def find_fasta(where, text):
    """The files that a cell names: a file, the FASTA files of a folder, or those of a glob.

    The same files in the same order as bioseqrnn.fasta.sources.find_fasta.
    """
    if elsewhere(text):
        if glob.has_magic(text) or not named_like_fasta(text):
            stop(
                f"{where}: '{text}': of remote storage, name each file, which ends in .fa, .fasta …"
            )
        return [text]
    path = Path(text)
    if path.is_dir():
        found = sorted(
            entry
            for entry in path.iterdir()
            if entry.is_file() and named_like_fasta(entry.name)
        )
        if not found:
            stop(
                f"{where}: no FASTA file in the folder '{text}'; names must end in .fa, .fasta …"
            )
        return [str(entry) for entry in found]
    if path.exists() or not glob.has_magic(text):
        return [text]
    names = names_of(where, text)
    found = [str(Path(name)) for name in names if Path(name).is_file()]
    if not found:
        stop(f"{where}: no file matches '{text}'; paths start at {Path.cwd()}")
    return found


def names_of(where, pattern):
    """Sorted names that a glob stands for, looked for in no more than a project may hold."""
    too_many = (
        f"{where}: '{pattern}' has more than {MOST_FILES} files and folders to look through; "
        "begin it with a folder that is nearer"
    )
    start, deep, _ = pattern.partition("**")
    if deep:
        # links are followed, as the glob itself does
        tops = [start] if not glob.has_magic(start) else glob.iglob(f"{start}/")
        seen = 0
        for top in tops:
            for _, folders, files in os.walk(top or ".", followlinks=True):
                seen += len(folders) + len(files)
                if seen > MOST_FILES:
                    stop(too_many)
    names = list(itertools.islice(glob.iglob(pattern, recursive=True), MOST_FILES + 1))
    if len(names) > MOST_FILES:
        stop(too_many)
    return sorted(names)


def named_like_fasta(path):
    name = path.rsplit("/", 1)[-1].lower()
    for ending in (".gz", ".bgz", ".bz2", ".xz", ".zst"):
        name = name.removesuffix(ending)
    endings = (".fa", ".fasta", ".fna", ".faa", ".ffn", ".frn", ".fas", ".fsa", ".seq")
    return name.endswith(endings) and not name.startswith(".")


def check_label_source(where, row, options):
    """Refuse a row without a kind of label, or with two."""
    kinds = [key for key in ("label", "labels", "label_key", "intervals") if key in row]
    if options.get("task") == "per_position":
        if kinds:
            stop(
                f"{where}: '{kinds[0]}' is given, but with task per_position the labels stand in "
                "the third line of each record; leave it out"
            )
    elif len(kinds) != 1 and kinds != ["label", "intervals"]:
        stop(
            f"{where}: give either 'label' (the class of the file) or 'labels' (a TSV of id and "
            "label), 'label_key' (of the headers) or 'intervals' (of a genome)"
        )


def read_datasets(path, options):
    """{dataset: rows} of the datasets sheet, in one pass, every row checked.

    Each row names its files as a list under 'files'.
    """
    found = {}
    seen = set()
    for where, row in read_sheet(path, "datasets"):
        check_label_source(where, row, options.get(row["dataset"], {}))
        row["files"] = find_fasta(where, row["fasta"])
        for name in row["files"]:
            check_fasta(where, name)
            if (row["dataset"], name) in seen and "intervals" not in row:
                stop(f"{where}: '{name}' stands twice in '{row['dataset']}'")
            seen.add((row["dataset"], name))
        for key in ("labels", "intervals"):
            if key in row:
                check_fasta(where, row[key])
        found.setdefault(row["dataset"], []).append(row)
    if not found:
        stop(f"{path}: no dataset in it")
    for dataset, rows in found.items():
        splits = {row.get("split") for row in rows}
        if splits != {None} and None in splits:
            stop(
                f"{path}: '{dataset}' has 'split' in some rows; give it in all of them or in none"
            )
        if splits != {None} and not {"train", "test"} <= splits:
            stop(
                f"{path}: '{dataset}' has 'split', which needs both train and test rows"
            )
    return found


def read_queries(path, datasets):
    """{dataset: {query: FASTA}} of the queries sheet."""
    found = {}
    if path is None:
        return found
    for where, row in read_sheet(path, "queries"):
        if row["dataset"] not in datasets:
            source = at("queries")
            added = (
                f"; 'queries' stands in {source}" if "--configfile" in source else ""
            )
            stop(
                f"{where}: unknown dataset '{row['dataset']}'; "
                f"{suggestion(row['dataset'], datasets)}{added}"
            )
        check_fasta(where, row["fasta"])
        queries = found.setdefault(row["dataset"], {})
        if row["query"] in queries:
            stop(f"{where}: query '{row['query']}' stands twice for '{row['dataset']}'")
        queries[row["query"]] = row["fasta"]
    return found


# gzip, bzip2, xz, zstd
COMPRESSED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd")


def is_comment(line):
    return not line.strip() or line[0] == "#" and "label" not in line.lower()


def check_label_columns(path, names):
    """Columns of a labels TSV that are missing or misspelt; encode knows more of it."""
    known = ("id", "label", "group")
    for mark, word in ((",", "commas"), (";", "semicolons")):
        if len(names) == 1 and mark in names[0]:
            stop(f"{path}: separated by {word}; columns must be separated by tabs")
    for name in names:
        if name.strip("\"'") != name and name.strip("\"'") in known:
            stop(f"{path}: columns are in quotes; write the table without any")
        if name not in known and name.lower() in set(known) - set(names):
            stop(f"{path}: unknown column '{name}'; did you mean '{name.lower()}'?")
    for name in known[:2]:
        if name not in names:
            stop(f"{path}: no column '{name}' (tab-separated, with a header)")


@functools.cache
def labels_in(path):
    """Classes in a labels TSV, which several rows may share; None where it is compressed."""
    with open(path, "rb") as handle:
        if handle.read(6).startswith(COMPRESSED):
            return None
    try:
        with open(path, newline="", encoding="utf-8-sig") as handle:
            # comments before the header, and a mark of one before its first name
            lines = itertools.dropwhile(is_comment, handle)
            reader = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
            names = [name.strip() for name in reader.fieldnames or [""]]
            reader.fieldnames = [names[0].lstrip("# "), *names[1:]]
            check_label_columns(path, reader.fieldnames)
            labels = {(row["label"] or "").strip() for row in reader}
            return frozenset(labels - {""})
    except UnicodeDecodeError:
        stop(f"{path}: not UTF-8 text; save it as UTF-8")
    except csv.Error as error:
        stop(f"{path}: line {reader.line_num}: {error}; is it a table?")


def known_labels(rows, options):
    """Classes that a dataset can have, or None where only reading its records would tell."""
    if options.get("task", "classification") != "classification":
        return None
    labels = set()
    for row in rows:
        if "label" in row:
            labels.add(row["label"])
        elif "labels" in row and not elsewhere(row["labels"]):
            held = labels_in(row["labels"])
            if held is None:
                return None
            labels |= held
        else:
            return None
    made = made_class(options)
    return labels | {made} if made else labels


def made_class(options):
    """Class of the negatives that are to be made, None where there are none."""
    negatives = options.get("negatives", {})
    made = negatives.get("method", "none") != "none"
    return negatives.get("label", "negative") if made else None


def check_negatives(dataset, rows, options, sheet):
    """Negatives that cannot be made."""
    place = ("dataset_options", dataset, "negatives")
    where = f"{at(*place)}: {'.'.join(place)}"
    made = made_class(options)
    if made is None:
        return
    if options.get("task", "classification") != "classification":
        stop(f"{where}: negatives are a class; task {options['task']} has none")
    if made in {row.get("label") for row in rows}:
        stop(
            f"{sheet}: class '{made}' of '{dataset}' is also that of its made negatives; "
            f"set dataset_options.{dataset}.negatives.label to another"
        )
    negatives = options["negatives"]
    if negatives["method"] == "genome":
        if not negatives.get("genome"):
            stop(f"{where}: method genome needs 'genome'")
        check_fasta(where, negatives["genome"])


def check_classes(dataset, rows, options, sheet):
    """Unknown and missing classes of one dataset."""
    labels = known_labels(rows, options)
    if labels is None:
        return
    declared = options.get("classes")
    # a labels TSV may name classes of other records
    certain = {row["label"] for row in rows if "label" in row} | {made_class(options)}
    for label in sorted(certain - {None}):
        if declared is not None and label not in declared:
            stop(
                f"{sheet}: class '{label}' of '{dataset}' is not in dataset_options.{dataset}"
                f".classes; {suggestion(label, declared)}"
            )
    if len(labels) < 2:
        stop(
            f"{sheet}: dataset '{dataset}' has one class only ({', '.join(labels)}); "
            "a classifier needs records of at least two (or dataset_options."
            f"{dataset}.negatives makes some)"
        )
    positive = options.get("positive")
    if positive is not None and positive not in labels:
        stop(
            f"{at('dataset_options', dataset, 'positive')}: dataset_options.{dataset}.positive: unknown class '{positive}'; "
            f"{suggestion(positive, labels)}"
        )


def check_transfers(settings, datasets):
    """Matrices of datasets that do not exist, or that have no positives and negatives."""
    for name, members in settings["transfer"].items():
        for dataset in members:
            where = f"{at('transfer', name)}: transfer.{name}"
            if dataset not in datasets:
                stop(
                    f"{where}: unknown dataset '{dataset}'; {suggestion(dataset, datasets)}"
                )
            options = settings["dataset_options"].get(dataset, {})
            if options.get("task", "classification") != "classification":
                stop(
                    f"{where}: '{dataset}' has task {options['task']}; positives and negatives "
                    "are two classes"
                )


def check_search(settings):
    """Searches and learning curves of models that do not exist, and ranges that hold nothing."""
    search, models = settings["search"], settings["models"]
    where = f"{at('search')}: search"
    names = {*models, *settings["baselines"]}
    for name in search["models"]:
        if name not in models:
            stop(f"{where}.models: unknown model '{name}'; {suggestion(name, models)}")
        if f"{name}_search" in names:
            stop(
                f"{where}.models: '{name}_search' is what the searched {name} will be called; "
                "rename the model that has that name"
            )
    space = {k: v for k, v in search["space"].items() if v is not None}
    if not space:
        stop(f"{where}.space: names no setting to search; leave it out for the default")
    for name, kind in space.items():
        if isinstance(kind, dict):
            if kind["low"] >= kind["high"]:
                stop(f"{where}.space.{name}: low must be below high")
            if kind.get("log") and kind["low"] <= 0:
                stop(f"{where}.space.{name}: log needs a low above 0")
    names |= {f"{name}_search" for name in search["models"]}
    for name in settings["evaluation"]["learning_curve"]["models"]:
        if name not in names:
            stop(
                f"{at('evaluation', 'learning_curve')}: evaluation.learning_curve.models: unknown model or baseline "
                f"'{name}'; {suggestion(name, names)}"
            )


def check_config(settings, datasets):
    """What a schema cannot say: options of datasets that do not exist, classes that do not."""
    for name in settings["dataset_options"]:
        if name not in datasets:
            stop(
                f"{at('dataset_options', name)}: dataset_options: unknown dataset '{name}'; {suggestion(name, datasets)}"
            )
    overlap = set(settings["models"]) & set(settings["baselines"])
    if overlap:
        name = min(overlap)
        stop(
            f"{at('models', name)}: models: '{name}' is the name of a baseline; rename it"
        )
    made = {
        "selected",
        *(f"{name}_ensemble" for name in ["selected", *settings["models"]]),
    }
    reserved = made & set(settings["models"])
    if reserved:
        stop(
            f"{at('models', min(reserved))}: models: the evaluation makes a row '{min(reserved)}' itself "
            "(docs/evaluation.md); rename the model"
        )
    for name, model in settings["models"].items():
        if model.get("precision") == "bf16" and settings["device"] == "cpu":
            stop(
                f"{at('models', name)}: models.{name}.precision: bf16 needs a GPU, but device is cpu; "
                "write fp32"
            )
    scored = set(settings["models"]) | set(settings["baselines"])
    for name in settings["folds"]["compare_random"] or []:
        if name not in scored:
            stop(
                f"{at('folds', 'compare_random')}: folds.compare_random: '{name}' is no model or baseline of this "
                f"run; {suggestion(name, scored)}"
            )
    check_transfers(settings, datasets)
    check_search(settings)
    for dataset, rows in datasets.items():
        options = settings["dataset_options"].get(dataset, {})
        check_negatives(dataset, rows, options, settings["datasets"])
        check_classes(dataset, rows, options, settings["datasets"])
