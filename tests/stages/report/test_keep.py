"""The answer to "is the RNN better than the baselines" says what the intervals say."""

import pandas as pd
import pytest

from bioseqrnn.stages.report.keep import (
    added_row,
    added_sentence,
    keep_section,
    keep_sentence,
    keep_table,
    verdict,
)

SUMMARY = ["model", "kind", "metric", "estimate", "ci_low", "ci_high", "n"]
COMPARED = [
    "model", "baseline", "metric", "difference", "ci_low", "ci_high", "p", "test", "p_adjusted",
]  # fmt: skip


def tables(metric, network, baselines, differences):
    """Frames as the evaluation writes them, of one network and some baselines."""
    rows = [("gru", "network", metric, network, network - 0.02, network + 0.02, 50)]
    rows += [(n, "baseline", metric, v, v - 0.02, v + 0.02, 50) for n, v in baselines.items()]
    compared = [
        ("gru", name, metric, network - baselines[name], low, high, 0.01, "delong", 0.02)
        for name, (low, high) in differences.items()
    ]
    return pd.DataFrame(rows, columns=SUMMARY), pd.DataFrame(compared, columns=COMPARED)


def answer(metric, network, baselines, differences):
    summary, compared = tables(metric, network, baselines, differences)
    table = keep_table(summary, compared, metric, "gru")
    return table, keep_sentence(table, "gru", metric)


def test_best_baseline_comes_first_and_decides():
    table, words = answer(
        "auroc", 0.95, {"weak": 0.6, "strong": 0.9}, {"weak": (0.3, 0.4), "strong": (0.02, 0.08)}
    )
    assert table["baseline"].tolist() == ["strong", "weak"]
    assert words.startswith("<b>Yes</b>")
    assert "difference from the best, strong: +0.0200 to +0.0800" in words


def test_an_interval_around_zero_shows_nothing():
    _, words = answer("auroc", 0.95, {"strong": 0.94}, {"strong": (-0.01, 0.03)})
    assert words.startswith("<b>Undecided</b>")


@pytest.mark.parametrize(("p", "expected"), [(0.049, "better"), (0.108, "not clearly different")])
def test_one_of_many_comparisons_must_survive_the_correction(p, expected):
    row = {"metric": "auroc", "ci_low": 0.01, "ci_high": 0.1, "p_adjusted": p}
    assert verdict(pd.Series(row)) == expected
    # what may be worse need not
    assert verdict(pd.Series(row | {"ci_low": -0.1, "ci_high": -0.01})) == "worse"


def test_a_baseline_that_is_better_is_named():
    table, words = answer(
        "auroc", 0.9, {"weak": 0.6, "strong": 0.95}, {"weak": (0.2, 0.4), "strong": (-0.08, -0.02)}
    )
    assert table["verdict"].tolist() == ["worse", "better"]
    assert words.startswith("<b>No</b>")
    assert "worse than that of strong " in words


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0.1, 0.2, "worse"), (-0.2, -0.1, "better"), (-0.1, 0.1, "not clearly different")],
)
def test_of_an_error_less_is_better(low, high, expected):
    row = pd.Series({"metric": "rmse", "ci_low": low, "ci_high": high, "p_adjusted": 0.01})
    assert verdict(row) == expected
    table, _ = answer("rmse", 1.0, {"bad": 2.0, "good": 1.1}, {"bad": (-2, 0), "good": (-1, 0)})
    assert table["baseline"].tolist() == ["good", "bad"]


def test_names_are_text_and_the_interval_is_named():
    summary, compared = tables("auroc", 0.95, {"a<b": 0.9}, {"a<b": (0.01, 0.1)})
    table = keep_table(summary, compared, "auroc", "gru")
    shown = keep_section(table, summary, None, "gru", "auroc", 0.9)
    assert "<td>a&lt;b</td>" in shown["data"]
    assert "a<b" not in shown["data"] + shown["description"]
    assert "<th>90% interval</th>" in shown["data"]
    assert keep_sentence(table.head(0), "gru", "auroc").startswith("No baseline was run")


@pytest.mark.parametrize(
    ("low", "high", "p", "word"),
    [
        (0.01, 0.03, 0.001, "Yes"),
        (-0.01, 0.03, 0.3, "Undecided"),
        # the interval excludes 0, but not after the correction
        (0.001, 0.03, 0.06, "Undecided"),
        (-0.03, -0.01, 0.001, "No"),
    ],
)
def test_what_the_network_adds(low, high, p, word):
    """The combination with the network against that without it is the second answer."""
    summary, compared = tables("auroc", 0.9, {"plain": 0.9}, {"plain": (-0.01, 0.01)})
    middle = (low + high) / 2
    for name, value in (("combined", 0.9 + middle), ("combined_without_network", 0.9)):
        summary.loc[len(summary)] = (name, "combined", "auroc", value, 0.8, 0.99, 50)
    compared.loc[len(compared)] = (
        "combined", "combined_without_network", "auroc", middle, low, high, p / 2, "delong", p,
    )  # fmt: skip
    added = added_row(compared, "auroc")
    assert added_sentence(added, "auroc").startswith(f"<b>{word}</b>")
    table = keep_table(summary, compared, "auroc", "gru")
    assert table["baseline"].tolist() == ["plain"]
    shown = keep_section(table, summary, added, "gru", "auroc", 0.9)
    assert "All methods together" in shown["data"]
    assert "combined_without_network" in shown["data"]
    assert added_row(compared, "accuracy") is None
    assert added_sentence(None, "auroc") == "The network was not combined with baselines."
