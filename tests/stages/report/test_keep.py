"""The answer to "is the RNN better than the baselines" says what the intervals say."""

import pandas as pd
import pytest

from bioseqrnn.stages.report.keep import keep_section, keep_sentence, keep_table, verdict

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
    assert words.startswith("<b>Not shown</b>")


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
    shown = keep_section(table, summary, "gru", "auroc", 0.9)
    assert "<td>a&lt;b</td>" in shown["data"]
    assert "a<b" not in shown["data"] + shown["description"]
    assert "<th>90% interval</th>" in shown["data"]
    assert keep_sentence(table.head(0), "gru", "auroc").startswith("No baseline was run")
