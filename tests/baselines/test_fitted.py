"""A fitted baseline gives a record the same scores wherever, and however, it is read."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from conftest import encode
from peptides import peptides, sequences_of
from safetensors.numpy import load_file, save_file

from bioseqrnn.baselines.methods import applicable, choices_of, fit
from bioseqrnn.baselines.problem import Problem
from bioseqrnn.baselines.store import load_baseline, save_baseline
from bioseqrnn.config.choices import BASELINES
from bioseqrnn.fasta.records import pack_records
from bioseqrnn.fasta.sources import Source
from bioseqrnn.networks.card import CARD_KEY, read_card
from bioseqrnn.onehot.decoding import letters
from bioseqrnn.support.errors import InputError

DESCRIBED = ("alphabet", "symbols", "strands", "ids", "classes", "task", "sources")
TASKS = ("regression", "multilabel", "per_position")
RECORDS = 60


def dna(folder, strands):
    """Records of 40 bases of two classes, with ambiguous ones among them."""
    rng = np.random.default_rng(1)
    for name, motif in (("a", "ACGTGACC"), ("b", "TTTAAAGG")):
        text = ""
        for number in range(40):
            bases = "".join(rng.choice(list("ACGT"), size=32))
            start = int(rng.integers(1, 30))
            text += f">{name}{number}\n{bases[:start]}{motif}{bases[start:31]}N\n"
        (folder / f"{name}.fa").write_text(text)
    sources = [Source(folder / f"{name}.fa", name) for name in "ab"]
    return encode(folder, sources, alphabet="dna", strands=strands)


@pytest.fixture(scope="module")
def tables(tmp_path_factory, acp, splice):
    made = {task: sequences_of(tmp_path_factory.mktemp(task), task) for task in TASKS}
    both = {s: dna(tmp_path_factory.mktemp(s), s) for s in ("single", "both")}
    return made | both | {"binary": acp, "multiclass": splice}


def fitted_to(method, table):
    """A problem and a model, fitted with the first of the allowed settings to every 4th record."""
    problem = Problem(table, 1)
    settings = {name: values[-1] for name, values in choices_of(method, problem.form).items()}
    settings |= {"epochs": 2} if "epochs" in settings else {}
    return problem, fit(method, problem, np.arange(0, len(table), 4), settings)


def card_of(table, method):
    known = {key: table.metadata[key] for key in DESCRIBED}
    return known | {"baseline": method, "seed": 1, "trained_on": 1}


@pytest.mark.parametrize(
    "name", ["binary", "multiclass", "single", "both", "regression", "multilabel", "per_position"]
)
@pytest.mark.parametrize("method", list(BASELINES))
def test_scores_do_not_depend_on_the_batch_the_file_or_the_reader(method, name, tables, tmp_path):
    table = tables[name]
    if not applicable(method, table.task.name):
        return
    problem, fitted = fitted_to(method, table)
    some = problem.records(np.arange(1, len(table), len(table) // RECORDS))
    whole = fitted.scores(some)
    assert whole.dtype == np.float64
    assert whole.shape == (problem.form.units(some), problem.form.outputs)
    assert np.isfinite(whole).all()
    for cuts in ([1, 2, 3, 9], list(range(1, len(some))), [len(some) // 2]):
        parts = [some[a:b] for a, b in zip([0, *cuts], [*cuts, len(some)], strict=True)]
        assert np.array_equal(np.concatenate([fitted.scores(p) for p in parts]), whole)
    # another order
    if not table.task.per_position:
        assert np.array_equal(fitted.scores(some[::-1]), whole[::-1])
    # through a file
    path = tmp_path / "model.safetensors"
    save_baseline(path, fitted, card_of(table, method))
    loaded, card = load_baseline(path)
    assert (card["baseline"], card["settings"]) == (method, dict(fitted.settings))
    assert np.array_equal(loaded.scores(some), whole)
    assert {k: (v.dtype, v.tobytes()) for k, v in loaded.arrays().items()} == {
        k: (v.dtype, v.tobytes()) for k, v in fitted.arrays().items()
    }
    # records of a FASTA file
    texts = list(letters(table.packed, some.rows, table.alphabet))
    ids = [str(number) for number in range(len(texts))]
    if all("X" not in text for text in texts):
        new = pack_records(Path("new.fa"), ids, texts, table.alphabet)
        assert np.array_equal(loaded.scores(problem.form.records(new.packed)), whole)
    # and none
    assert loaded.scores(some[:0]).shape == (0, problem.form.outputs)


@pytest.mark.parametrize("method", ["gradient_boosting", "pwm"])
def test_a_record_of_another_length_gets_the_fractions_of_training(method, tables, tmp_path):
    table = tables["multiclass"]
    problem, fitted = fitted_to(method, table)
    assert fitted.length == 60
    save_baseline(tmp_path / "m", fitted, card_of(table, method))
    loaded, card = load_baseline(tmp_path / "m")
    assert card["length"] == 60
    text = next(letters(table.packed, np.array([7]), table.alphabet))
    texts = [text[:-1], text, text + "A"]
    new = pack_records(Path("new.fa"), list("abc"), texts, table.alphabet)
    scores = loaded.scores(problem.form.records(new.packed))
    shares = np.bincount(table.targets[::4]) / len(table.targets[::4])
    np.testing.assert_allclose(scores[[0, 2]], [shares, shares])
    assert np.array_equal(scores[1], fitted.scores(problem.records(np.array([7])))[0])
    assert not np.allclose(scores[1], shares)


@pytest.mark.parametrize("method", ["composition", "kmer_logistic", "gapped_kmer", "cnn"])
def test_other_baselines_read_any_length(method, acp):
    assert fitted_to(method, acp)[1].length is None


@pytest.mark.parametrize("method", ["kmer_logistic", "gapped_kmer", "pwm", "cnn"])
def test_equivalent_strands_have_equal_scores(method, tmp_path):
    table = dna(tmp_path, "both")
    _, fitted = fitted_to(method, table)
    if method == "pwm":
        # its matrix of all positions reads the strand that is given
        assert fitted.length == 40
        return
    texts = list(letters(table.packed, np.arange(20), table.alphabet))
    other = [text[::-1].translate(str.maketrans("ACGT", "TGCA")) for text in texts]
    form, ids = Problem(table, 1).form, [str(i) for i in range(20)]
    one, two = (
        fitted.scores(form.records(pack_records(Path("x"), ids, t, table.alphabet).packed))
        for t in (texts, other)
    )
    np.testing.assert_allclose(one, two, rtol=1e-5)


def damaged(method, table, path, change):
    """Write a model, change its card and arrays, and write it again."""
    _, fitted = fitted_to(method, table)
    save_baseline(path, fitted, card_of(table, method))
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as file:
        card = json.loads(file.metadata()[CARD_KEY])
    arrays = load_file(path)
    change(card, arrays)
    save_file(arrays, path, {CARD_KEY: json.dumps(card)})


def spoil(name):
    def change(card, arrays):
        arrays[name] = arrays[name].copy()
        arrays[name].reshape(-1)[0] = np.nan

    return change


def shorten(name):
    def change(card, arrays):
        arrays[name] = np.ascontiguousarray(arrays[name][..., :-1])

    return change


@pytest.mark.parametrize(
    ("method", "change", "message"),
    [
        ("majority", lambda c, a: a.pop("known"), "array 'known' is missing"),
        ("majority", spoil("known"), "array 'known' has numbers that are not finite"),
        ("majority", shorten("known"), r"array 'known' is \[1\] float64, not \[2\] float64"),
        ("majority", lambda c, a: a.update(more=np.zeros(1)), "array 'more' is none that"),
        ("majority", lambda c, a: c.update(baseline="knn"), "baseline 'knn' is unknown"),
        ("gapped_kmer", lambda c, a: c.update(task="per_position"), "does not apply to the task"),
        ("majority", lambda c, a: c.update(settings={"a": 1}), "has no setting 'a'"),
        ("majority", lambda c, a: c.update(format=2), "format 2, this version reads 1"),
        ("majority", lambda c, a: c.update(classes=["x"]), "card: "),
        ("majority", lambda c, a: c.pop("baseline"), "is a network, not a baseline"),
        ("majority", lambda c, a: c.update(length=3), "card says length 3"),
        ("composition", shorten("head.0.estimator.coefficients"), "not one of 21 features"),
        ("composition", shorten("scale.mean"), "array 'scale.spread' is"),
        ("composition", lambda c, a: a.update({"scale.spread": np.zeros(21)}), "not above 0"),
        ("composition", lambda c, a: a.update({"head.0.present": np.array([0, 2])}), "classes"),
        ("composition", lambda c, a: a.update({"head.0.present": np.array([1])}), "none that its"),
        ("kmer_logistic", spoil("head.0.estimator.intercepts"), "not finite"),
        ("kmer_logistic", shorten("scale.weights"), "features instead of"),
        ("gradient_boosting", lambda c, a: a.pop("head.0.estimator.value"), "'value' is missing"),
        ("gradient_boosting", spoil("head.0.estimator.value"), "not finite"),
        ("pwm", shorten("extra.motifs"), "array 'extra.motifs' is"),
        ("pwm", lambda c, a: a.update(length=np.array([10**15])), "'length' is"),
        ("cnn", spoil("layers.0.weight"), "array 'layers.0.weight' has numbers"),
        ("cnn", shorten("layers.0.weight"), "array 'layers.0.weight' is"),
        ("cnn", lambda c, a: c.update(settings={"epochs": 0}), "'epochs' of baseline cnn must be"),
    ],
)  # fmt: skip
def test_a_damaged_file_is_refused_in_one_line(method, change, message, acp, tmp_path):
    path = tmp_path / "model.safetensors"
    damaged(method, acp, path, change)
    with pytest.raises(InputError, match=message) as raised:
        load_baseline(path)
    assert str(raised.value).startswith(f"baseline {path}: ")
    assert "\n" not in str(raised.value)


def test_baselines_and_networks_are_told_apart(acp, tmp_path):
    (tmp_path / "empty").write_bytes(b"")
    with pytest.raises(InputError, match="it is empty"):
        load_baseline(tmp_path / "empty")
    with pytest.raises(InputError, match="no such file"):
        load_baseline(tmp_path / "none")
    _, fitted = fitted_to("majority", acp)
    save_baseline(tmp_path / "m", fitted, card_of(acp, "majority"))
    with pytest.raises(InputError, match=r"is a fitted baseline \(.majority.\), not a network"):
        read_card(tmp_path / "m")


def test_peptides_are_those_of_the_tables(tables):
    """The tables of the tasks have both classes of the bundled peptides."""
    assert len(tables["regression"]) == len(peptides(400)) == 400
