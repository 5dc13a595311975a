"""Choice of settings, fits and loads of every baseline, by its name."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import encode
from fold_scores import fold_scores
from peptides import sequences_of

from bioseqrnn.baselines.methods import agreed, check_settings, choices_of, choose, fit
from bioseqrnn.baselines.problem import Problem
from bioseqrnn.config.choices import BASELINES
from bioseqrnn.fasta.sources import Source
from bioseqrnn.support.errors import InputError


@pytest.mark.parametrize("method", list(BASELINES))
def test_a_class_missing_from_training_gets_no_probability(method, splice):
    rows = np.flatnonzero(splice.targets != 1)
    train, validation = rows[:200:2], rows[1:200:2]
    train = np.sort(np.concatenate([train, rows[-100:]]))
    validation = np.sort(np.concatenate([validation, rows[-200:-100]]))
    test = np.flatnonzero(splice.targets == 1)[:5]
    _, probability = fold_scores(method, splice, train, validation, test)
    assert probability.shape == (5, 3)
    # the output layer of a network always gives it some
    assert probability[:, 1].max() < (0.1 if method == "cnn" else 1e-12)


def test_training_on_one_class_only_is_certain_of_it(acp):
    rows = np.flatnonzero(acp.targets == 1)
    for name in ("composition", "kmer_logistic", "gapped_kmer", "gradient_boosting", "pwm"):
        _, probability = fold_scores(name, acp, rows[:50], rows[50:70], rows[70:75])
        assert probability.tolist() == [[0.0, 1.0]] * 5


@pytest.mark.parametrize("method", list(BASELINES))
def test_short_ambiguous_and_odd_records(method, tmp_path):
    """Records shorter than any word, and records of nothing but N."""
    rng = np.random.default_rng(1)
    for name, letters in (("a", "ACGT"), ("b", "AATT")):
        sequences = ["A", "N", "NNNNNNNNNNNN", "RY", "ACGTN"]
        sequences += ["".join(rng.choice(list(letters), size=30)) for _ in range(25)]
        lines = "".join(f">{name}{i}\n{s}\n" for i, s in enumerate(sequences))
        (tmp_path / f"{name}.fa").write_text(lines)
    sources = [Source(tmp_path / "a.fa", "a"), Source(tmp_path / "b.fa", "b")]
    for strands in ("single", "both"):
        table = encode(tmp_path, sources, alphabet="dna", strands=strands)
        rows = np.arange(60)
        train, validation, test = (rows[rows % 3 == k] for k in range(3))
        for scores, part in zip(
            fold_scores(method, table, train, validation, test), (validation, test), strict=True
        ):
            assert scores.shape == (len(part), 2)
            np.testing.assert_allclose(scores.sum(axis=1), 1, rtol=1e-6)


@pytest.mark.parametrize(
    ("method", "data"),
    [("kmer_logistic", "acp"), ("gapped_kmer", "acp"), ("gapped_kmer", "splice"), ("cnn", "acp")],
)
def test_the_model_of_the_choice_is_the_one_fitted_with_the_settings(method, data, request):
    """The validation records are scored by the model that any fit with the settings gives."""
    table = request.getfixturevalue(data)
    problem, rows = Problem(table, 1), np.random.default_rng(1).permutation(len(table))
    train, validation = np.sort(rows[:150]), np.sort(rows[150:250])
    settings, fitted = choose(method, problem, train, validation)
    check_settings(method, problem.form, settings, "here")
    again = fit(method, problem, train, settings)
    some = problem.records(validation)
    assert np.array_equal(fitted.scores(some), again.scores(some))
    loss = problem.loss(validation, fitted.scores(some))
    for name, values in choices_of(method, problem.form).items():
        if method == "cnn":
            # the epochs before and after
            values = [n for n in values if abs(n - settings[name]) == 1]
        for value in values:
            other = fit(method, problem, train, settings | {name: value})
            assert problem.loss(validation, other.scores(some)) >= loss


def test_settings_of_a_final_model_are_those_the_folds_agree_on():
    folds = [
        {"strength": 10.0, "centred": True}, {"strength": 0.1, "centred": False},
        {"strength": 100.0, "centred": True}, {"strength": 1.0, "centred": False},
    ]  # fmt: skip
    assert agreed(folds) == {"strength": 1.0, "centred": True}
    assert agreed(folds[1:]) == {"strength": 1.0, "centred": False}
    assert agreed([{"epochs": 7}, {"epochs": 12}, {"epochs": 3}]) == {"epochs": 7}
    assert agreed([{}, {}]) == agreed([]) == {}


@pytest.mark.parametrize(
    ("method", "settings", "message"),
    [
        ("kmer_logistic", {"strength": 2}, "must be one of 0.1, 1.0, 10.0, 100.0"),
        ("kmer_logistic", {}, "setting 'strength' of baseline kmer_logistic is missing"),
        ("composition", {"strength": 1}, "has no setting 'strength'; it has none"),
        ("gapped_kmer", {"strength": 10, "centred": 0}, "'centred' .* must be one of False"),
        ("gapped_kmer", {"strength": 10, "centred": True}, "'centred' .* must be one of False"),
        ("cnn", {"epochs": "many"}, "'epochs' .* must be one of 1, 2"),
        ("cnn", {"epochs": True}, "'epochs' .* must be one of 1, 2"),
        ("cnn", {"epochs": [1]}, "'epochs' .* must be one of 1, 2"),
    ],
)
def test_wrong_settings_are_refused(method, settings, message, acp):
    with pytest.raises(InputError, match=f"^here: .*{message}"):
        check_settings(method, Problem(acp, 1).form, settings, "here")


@pytest.mark.parametrize("task", ["per_position", "multiclass", "both"])
def test_scores_of_the_network_are_those_that_the_training_saw(task, tmp_path, splice):
    """Records alone, and in pieces, have the scores that PyTorch computes from a padded batch."""
    import torch

    from bioseqrnn.baselines import cnn
    from bioseqrnn.tasks.losses import activate

    table = splice
    if task == "per_position":
        table = sequences_of(tmp_path, task)
    elif task == "both":
        (tmp_path / "a.fa").write_text("".join(f">a{i}\nACG{'ATTGNC' * i}\n" for i in range(50)))
        (tmp_path / "b.fa").write_text("".join(f">b{i}\nTG{'CGAR' * i}\n" for i in range(50)))
        sources = [Source(tmp_path / "a.fa", "a"), Source(tmp_path / "b.fa", "b")]
        table = encode(tmp_path, sources, alphabet="dna", strands="both")
    problem = Problem(table, 1)
    fitted = fit("cnn", problem, np.arange(100), {"epochs": 2})
    some = problem.records(np.arange(20))
    whole = fitted.scores(some)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cnn, "STRETCH", 9)
        np.testing.assert_allclose(fitted.scores(some), whole, atol=1e-6)
    codes, offsets = some.codes()
    pieces = cnn.Pieces.of(codes, offsets, 10**6, 0)
    with torch.no_grad():
        outputs = fitted.network(pieces.batch(np.arange(20), fitted.network.symbols)).double()
    together = activate(problem.task, outputs, torch.from_numpy(fitted.prior), fitted.scale).numpy()
    if task == "per_position":
        together = together[np.arange(together.shape[1]) < some.lengths[:, None]]
    np.testing.assert_allclose(together, whole, atol=1e-6)
    assert whole.std(axis=0).min() > 1e-4
