"""What an exercise's check files say without being run.

So `learn` knows itself which checks there are: a report of others is none of this exercise's.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from course.errors import CourseBug
from course.model import LEFT_RUNNING


def checks(suite: Path) -> Iterator[str]:
    """The checks of an exercise's check files, in their order. Raises CourseBug for a file that is no Python."""
    yield from _needs(suite)


def sentences(suite: Path) -> dict[str, str]:
    """Each check's line on the learner's screen, in their order. Raises CourseBug for a file that is no Python."""
    return {
        check.name: " ".join((ast.get_docstring(check) or "").split("\n\n")[0].split()).removesuffix(".")
        for check, _ in _found(suite)
    }


def reported(suite: Path, only: Sequence[str] = ()) -> dict[str, int]:
    """The checks that a grader has to tell of: those of `only` with all that they need, else every one; and its own.

    Each with its number among all of the exercise. Raises CourseBug for a file that is no Python.
    """
    needs = _needs(suite)
    wanted, further = set[str](), set(only or needs)
    while further:
        wanted |= further
        further = {needed for name in further for needed in needs.get(name, ())} - wanted
    numbers = {name: number for number, name in enumerate((*needs, LEFT_RUNNING), 1)}
    return {name: numbers.get(name, 0) for name in (*wanted, LEFT_RUNNING)}


def _needs(suite: Path) -> dict[str, tuple[str, ...]]:
    """Each check's name, and those that stand in its `@needs(...)`, as texts or by the names of the module's texts."""
    return {check.name: tuple(_needed(check, texts)) for check, texts in _found(suite)}


def _found(suite: Path) -> Iterator[tuple[ast.FunctionDef, Mapping[str, str]]]:
    """Each check, with the texts that its module names."""
    for file in sorted(suite.glob("test_*.py")):
        body = parsed(file).body
        texts = dict(_texts(body))
        for node in body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield node, texts


def _texts(body: Sequence[ast.stmt]) -> Iterator[tuple[str, str]]:
    """The names that a module gives to texts: `ANSWERS = "test_it_answers"`."""
    for node in body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str(text))):
                yield name, text


def _needed(check: ast.FunctionDef, texts: Mapping[str, str]) -> Iterator[str]:
    for mark in check.decorator_list:
        if isinstance(mark, ast.Call) and getattr(mark.func, "id", "") == "needs":
            for argument in mark.args:
                match argument:
                    case ast.Constant(value=str(needed)):
                        yield needed
                    case ast.Name(id=name) if name in texts:
                        yield texts[name]


def parsed(file: Path) -> ast.Module:
    """A module of the checks. Raises CourseBug that names the file and the line, for one that is no Python."""
    try:
        return _tree(file.read_text(encoding="utf-8"))
    except SyntaxError as error:
        raise CourseBug(f"{file}:{error.lineno}: {error.msg}") from error
    except ValueError as error:
        raise CourseBug(f"{file}: {error}") from error


@functools.lru_cache(maxsize=16)  # those of an exercise: `learn watch` asks again at each save
def _tree(text: str) -> ast.Module:
    return ast.parse(text)
