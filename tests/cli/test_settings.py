"""Options that are settings have the type, limits, choices and default of the setting."""

from __future__ import annotations

from inspect import signature
from typing import get_type_hints

import pytest
from cli_commands import COMMANDS, options
from pydantic import Field
from typer.models import OptionInfo

from bioseqrnn.cli import app
from bioseqrnn.cli.settings import default, option
from bioseqrnn.config.evaluation import EvaluationConfig, ThresholdConfig
from bioseqrnn.config.explanation import ExplanationConfig
from bioseqrnn.config.folds import FoldsConfig
from bioseqrnn.config.machine import MachineConfig
from bioseqrnn.config.settings import Config
from bioseqrnn.config.strict import Strict

# options of several commands, by name; and those of one command
SETTINGS = {
    "bootstrap": (EvaluationConfig, "bootstrap"),
    "confidence": (EvaluationConfig, "confidence"),
    "device": (MachineConfig, "device"),
    "devices": (MachineConfig, "devices"),
    "nodes": (MachineConfig, "nodes"),
    "threads": (MachineConfig, "threads"),
    "threshold_aim": (ThresholdConfig, "aim"),
    "threshold_precision": (ThresholdConfig, "precision"),
}
FOUND = [
    (command, option.name)
    for command in COMMANDS
    for option in options(command)
    if option.name in SETTINGS
]


def given(command: str, name: str) -> tuple[OptionInfo, object]:
    """What Typer is told of an option, and its default."""
    function = COMMANDS[command]
    hints = get_type_hints(function, include_extras=True)
    info = next(m for m in hints[name].__metadata__ if isinstance(m, OptionInfo))
    return info, signature(function).parameters[name].default


@pytest.mark.parametrize(("command", "name"), FOUND)
def test_defaults_and_limits_are_those_of_the_settings(command, name):
    section, setting = SETTINGS[name]
    info, standing = given(command, name)
    shown = section.model_json_schema()["properties"][setting]
    assert standing == shown["default"]
    if "enum" in shown:
        assert info.metavar == f"<{'|'.join(shown['enum'])}>"
        assert [info.parser(value) for value in shown["enum"]] == shown["enum"]
    else:
        assert (info.min, info.max) == (shown.get("minimum"), shown.get("maximum"))


def test_a_seed_is_that_of_the_settings():
    seeds = [command for command in COMMANDS if "seed" in signature(COMMANDS[command]).parameters]
    assert {"train", "baseline", "evaluate"} <= set(seeds)
    for command in seeds:
        info, standing = given(command, "seed")
        items = Config.model_json_schema()["properties"]["seeds"]
        assert (info.min, info.max) == (items["items"]["minimum"], items["items"]["maximum"])
        if standing is None:
            # the seed of the settings that --settings gives
            assert "settings" in signature(COMMANDS[command]).parameters
            standing = ExplanationConfig().seed
        assert [standing] == items["default"]
        assert standing == default(EvaluationConfig, "seed") == default(FoldsConfig, "seed")


class Sample(Strict):
    """Settings of every kind."""

    above: float = Field(1, gt=0, description="Above.")
    many: list[int] = Field([], description="Many.")
    number: int = Field(3, ge=1, le=5, description="A number.")


def test_what_no_option_can_be_is_told_when_it_is_declared():
    for name in ("above", "many"):
        with pytest.raises(TypeError):
            option(Sample, name)
    info = option(Sample, "number")
    assert (info.min, info.max, info.help) == (1, 5, "A number.")
    assert option(Sample, "number", help="Another.").help == "Another."


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("predict", "q.fa", "--device", "gpu"), "'gpu' is not one of 'auto', 'cpu', 'cuda'"),
        (("baseline", "--method", "knn"), "'knn' is not one of 'majority', 'composition'"),
        (("evaluate", "--confidence", "1"), "'--confidence'"),
    ],
)
def test_what_is_not_allowed_is_one_line(cli, words, said):
    done = cli(*words)
    assert done.code == 2
    assert len(done.err.splitlines()) == 1
    assert said in done.err


def test_the_list_of_commands_says_what_each_does(capsys):
    app(["--help"], prog_name="bioseqrnn", standalone_mode=False)
    shown = capsys.readouterr().out
    for command in COMMANDS:
        first = (COMMANDS[command].__doc__ or "").split()
        lines = [line.split() for line in shown.partition("Commands:")[2].splitlines()]
        line = next(words for words in lines if words[:1] == [command])
        assert line[1:4] == first[:3]
