"""course/parameters.py: which of the commands are built for a line."""

from __future__ import annotations

import pytest

import cli
from course.parameters import COMPLETING, for_line

ALIASES = cli.LearnGroup.aliases


def names(*arguments: str) -> list[str]:
    app = for_line(cli.app, arguments, ALIASES)
    commands = [info.name or getattr(info.callback, "__name__", "") for info in app.registered_commands]
    return [*commands, *(str(info.name) for info in app.registered_groups)]


@pytest.mark.parametrize(
    ("line", "built"),
    [((), []), (("progress",), ["progress"]), (("list", "--help"), ["progress"]), (("dev", "check"), ["dev"])],
)
def test_the_command_that_is_named_is_built_alone(line: tuple[str, ...], built: list[str]) -> None:
    assert names(*line) == built


@pytest.mark.parametrize("line", [("--help",), ("progess",), ("--version",)])
def test_where_all_may_be_named_all_are_built(line: tuple[str, ...]) -> None:
    assert {"progress", "next", "check", "dev"} <= set(names(*line))


def test_a_shell_that_completes_gets_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(COMPLETING, "complete_bash")
    assert {"progress", "next", "check", "dev"} <= set(names())
