"""What an error of the checks comes from, in one line that names the author's file and line. For `learn dev check`."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

MOST_CHARACTERS = 300


def cause(error: BaseException, suite: Path) -> str:
    """`checker/stage_2/toy/test_toy.py:12: NameError: name 'x' is not defined`; `suite` is the exercise's room.

    The line is the innermost one of that room, or else the innermost of all.
    """
    if isinstance(error, pytest.Collector.CollectError) and error.__cause__ is not None:
        return cause(error.__cause__, suite)
    if isinstance(error, pytest.FixtureLookupError):
        asking = error.fixturestack[-1].func if error.fixturestack else error.request.function
        return f"{defined(asking, suite)}: fixture {error.argname!r} is not known"
    if isinstance(error, SyntaxError) and error.filename:
        return f"{shown(Path(error.filename), suite)}:{error.lineno}: {type(error).__name__}: {error.msg}"
    frames = traceback.extract_tb(error.__traceback__)
    inside = [frame for frame in frames if Path(frame.filename).is_relative_to(suite)]
    where = (inside or frames)[-1:]
    what = " ".join(f"{type(error).__name__}: {error}".split()).removesuffix(":")[:MOST_CHARACTERS]
    return "".join(f"{shown(Path(frame.filename), suite)}:{frame.lineno}: " for frame in where) + what


def defined(function: Callable[..., Any], suite: Path) -> str:
    """Where a check or a fixture is defined: `checker/stage_2/toy/test_toy.py:12`."""
    code = inspect.unwrap(function).__code__
    return f"{shown(Path(code.co_filename), suite)}:{code.co_firstlineno}"


def shown(file: Path, suite: Path) -> str:
    """A file's path from the rooms on, as an author knows it."""
    rooms = suite.parents[2]
    return str(file.relative_to(rooms)) if file.is_relative_to(rooms) else str(file)
