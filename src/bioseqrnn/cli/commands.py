"""The commands by name.

The module of a command is imported when the command runs or shows its help, and not before: the
list of commands needs neither the settings (pydantic) nor the options of each.
"""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import typer
from typer.core import TyperCommand, TyperGroup

from bioseqrnn.cli.files import Command, checked
from bioseqrnn.cli.several import SeveralWords

# in the order of help; each is a function of a module of the same name
NAMES = (
    "run", "init", "encode", "gather", "audit", "split", "search", "train", "baseline", "evaluate",
    "learning-curve", "combine", "diagnose", "attribute", "motifs", "check-motifs", "tracks",
    "export-modisco", "mutate", "memory", "transfer", "predict", "scan", "variants", "report",
    "report-queries", "verify", "compare-random", "import-keras", "export-onnx",
)  # fmt: skip
# whose options take several words
SEVERAL = ("run", "init")


def function_of(name: str) -> Command:
    """Import the function behind a command."""
    inner = name.replace("-", "_")
    return cast(Command, getattr(import_module(f"bioseqrnn.cli.{inner}"), inner))


def docstring_of(name: str) -> str:
    """Return the docstring of the function behind a command, without importing it."""
    inner = name.replace("-", "_")
    source = Path(__file__).with_name(f"{inner}.py").read_text(encoding="utf-8")
    functions = (node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef))
    return next(ast.get_docstring(node) or "" for node in functions if node.name == inner)


class _Listed(TyperCommand):
    """A command as the list of commands shows it."""

    def get_short_help_str(self, limit: int = 45) -> str:
        self.help = docstring_of(str(self.name))
        return super().get_short_help_str(limit)


class Commands(TyperGroup):
    """All commands, each loaded when it is called."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = {name: _Listed(name) for name in NAMES}

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Find the command that is called; unknown names are refused as Typer does."""
        name, listed, rest = super().resolve_command(ctx, args)
        return name, listed and _loaded(str(listed.name)), rest


def _loaded(name: str) -> Any:
    """Build a command with its options."""
    alone = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    kind = SeveralWords if name in SEVERAL else None
    alone.command(name, cls=kind)(checked(function_of(name)))
    return typer.main.get_command(alone)
