"""What turns measured times into tables; the times themselves are nobody's test."""

from __future__ import annotations

import pytest
from benchmarks.engine.arithmetic import (
    exponent,
    geometric_mean,
    paired_ratio,
    recurrent_flops,
    repeats,
    three_digits,
)
from benchmarks.engine.grid import cases, pivot, summary
from benchmarks.engine.options import Options
from benchmarks.engine.store import append, missing, of_cases, read


def test_a_pair_under_load_does_not_move_the_ratio():
    assert paired_ratio([1.0, 10.0, 1.0], [3.0, 30.0, 3.0]) == 3
    assert paired_ratio([1.0, 1.0, 1.0], [2.0, 50.0, 3.0]) == 3
    with pytest.raises(ValueError, match="zip"):
        paired_ratio([1.0], [1.0, 2.0])


def test_geometric_mean_of_opposites_is_one():
    assert geometric_mean([4, 0.25]) == pytest.approx(1)
    assert geometric_mean([2, 8]) == pytest.approx(4)


def test_flops_are_those_of_the_products_written_out():
    # one direction and step of a GRU forward: [B, H] times [H, 3H]
    forward = 2 * 64 * 128 * (3 * 128)
    assert recurrent_flops("gru", 128, 200, 64) == 3 * 200 * 2 * forward
    assert recurrent_flops("lstm", 128, 200, 64) == 4 * recurrent_flops("rnn", 128, 200, 64)


def test_exponent_is_the_power():
    sizes = [60, 200, 1000]
    assert exponent(sizes, [7 * n**1.5 for n in sizes]) == pytest.approx(1.5)


def test_no_time_is_shown_as_a_power_of_ten():
    assert [three_digits(v) for v in (0.01234, 12.34, 999.4, 1234.5)] == [
        "0.0123", "12.3", "999", "1234",
    ]  # fmt: skip


def test_repeats_follow_the_budget_within_bounds():
    assert repeats(0.1, 0.05, budget=2, fewest=5) == 20
    assert repeats(1.0, 0.9, budget=2, fewest=5) == 5
    assert repeats(30.0, 25.0, budget=2, fewest=5) == 3
    assert repeats(1e-4, 1e-4, budget=2, fewest=5) == 50


def rows():
    ratios = {("gru", 32): 2.0, ("gru", 64): 8.0, ("rnn", 32): 0.5}
    return [
        {
            "threads": 1, "cell": cell, "hidden": hidden, "length": 60, "batch": 64,
            "train_bioseqrnn_ms": 1.5, "train_ratio": ratio, "train_repeats": 5 - (hidden == 64),
            "predict_bioseqrnn_ms": 0.5, "predict_ratio": ratio / 2, "predict_repeats": 5,
        }
        for (cell, hidden), ratio in ratios.items()
    ]  # fmt: skip


def test_summary_has_means_and_the_lowest_size_of_each_cell_type():
    assert summary(rows()) == [
        ["gru", "1", "2", "4.00 ×", "2.00 × (H 32, L 60, B 64)",
         "2.00 ×", "1.00 × (H 32, L 60, B 64)"],
        ["rnn", "1", "1", "0.50 ×", "0.50 × (H 32, L 60, B 64)",
         "0.25 ×", "0.25 × (H 32, L 60, B 64)"],
    ]  # fmt: skip


def test_pivot_marks_few_repeats_and_holes():
    header, body = pivot(rows(), "train")
    assert header == ["H", "L", "B", "gru, 1 thread", "rnn, 1 thread"]
    assert body == [
        ["32", "60", "64", "2.00 × (1.5)", "0.50 × (1.5)"],
        ["64", "60", "64", "8.00 ×* (1.5)", "–"],
    ]


def test_a_stopped_run_is_taken_up_where_it_was(tmp_path):
    wanted = [{"threads": 1} | case for case in cases(Options(out="", hidden=(8, 16)))]
    path = tmp_path / "grid.tsv"
    for case in wanted[2::-1]:
        append(path, case | {"train_ratio": 1.25, "note": "x y"})
    found = read(path)
    assert missing(wanted, found) == wanted[3:]
    assert of_cases(wanted, found) == [c | {"train_ratio": 1.25, "note": "x y"} for c in wanted[:3]]


def test_options_reach_the_measuring_process_whole():
    options = Options(out="o", cells=("gru",), hidden=(8, 16), keras_python="python")
    assert Options.from_json(options.to_json()) == options
