"""One pytest session in a child of `learn`: an exercise's files, our fixtures, and no plugin but ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

import checker
from checker import fixtures
from checker.harness.events import Facts
from checker.harness.run import RUN, Run

HERE = Path(__file__).resolve().parent
# Ours is the only pytest plugin that takes part, besides the few that pytest cannot run without.
UNUSED_PLUGINS = ("cacheprovider", "terminal", "doctest", "unittest", "junitxml", "pastebin", "faulthandler",
                  "logging", "stepwise", "setuponly", "setupplan", "debugging", "legacypath", "threadexception",
                  "unraisableexception", "recwarn", "tmpdir", "monkeypatch", "subtests")  # fmt: skip


def prepared(suite: Path, run: Run) -> list[object]:
    """The plugins of a session on an exercise's room. Raises whatever one of its modules raises when it is imported."""
    return [*fixtures_of(suite), begun(suite, run)]


def begun(suite: Path, run: Run) -> object:
    """The plugin that hands the run to the fixtures, once its history hears what the exercise's programs tell."""
    run.history.hear(_kinds(suite))
    return _Given(run)


def main(files: Path, plugins: Sequence[object], *options: str) -> int:
    """Run what pytest finds in `files`."""
    rooms = HERE.parent
    arguments = [
        str(files),
        f"--config-file={HERE / 'pytest.ini'}",
        f"--rootdir={rooms}",
        "--noconftest",
        "--import-mode=importlib",
        "--capture=no",
        "--assert=plain",  # no check has an assert: to rewrite them all would be half of what pytest's start costs
        *(f"-pno:{plugin}" for plugin in UNUSED_PLUGINS),
        *options,
    ]
    return int(pytest.main(arguments, plugins=plugins))


class _Given:
    """Hands the run to the fixtures."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[RUN] = self._run


def import_room(suite: Path) -> None:
    """Import the room's modules but for its checks, and what they need. Raises whatever one of them raises."""
    for file in sorted(suite.glob("*.py")):
        if not file.name.startswith("test_"):
            _module(suite, file.stem)


def _module(suite: Path, name: str) -> ModuleType | None:
    """A module of the exercise's room; None where it has none of that name."""
    # A course of somebody else's (LEARN_ROOMS): its check files import from their own rooms as ours do.
    rooms = str(suite.parents[1])
    if rooms not in checker.__path__:
        checker.__path__.append(rooms)
    if not (suite / f"{name}.py").is_file():
        return None
    return import_module(f"checker.{suite.parent.name}.{suite.name}.{name}")


def fixtures_of(suite: Path) -> list[ModuleType]:
    """The plugins with fixtures: those of every check file, and those that the exercise's own files share."""
    shared = _module(suite, "fixtures")
    return [fixtures, shared] if shared else [fixtures]


def _kinds(suite: Path) -> Mapping[str, Facts]:
    """What the exercise's own programs tell from inside, with the facts that each kind holds."""
    told: Mapping[str, Facts] = getattr(_module(suite, "kinds"), "TOLD_FROM_INSIDE", {})
    return told
