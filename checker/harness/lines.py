"""The line of a learner's file that a finding points at, found by what stands in it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from checker.harness.learner_files import text_of, tree_of
from checker.harness.run import Run
from course.model import SourceLine

STATEMENT_CHARACTERS = 120


def line_with(folder: Path, file: str, text: str) -> SourceLine | None:
    """The first line of this file that holds `text`, comments left out; None when none does, or there is no file."""
    return line_matching(folder, file, [rf"(?!\s*(?:#|\"{{3}})).*{re.escape(text)}"])


def line_matching(folder: Path, file: str, patterns: Sequence[str]) -> SourceLine | None:
    """The first line whose beginning matches the first of these that matches any; None when none does."""
    lines = text_of(folder / file).splitlines()
    for pattern in patterns:
        for number, line in enumerate(lines, 1):
            if re.match(pattern, line):
                return SourceLine(file, number, doing=line.strip())
    return None


def own_line(run: Run, first: str, *patterns: str) -> SourceLine | None:
    """The first line of the learner's own code that the first of these patterns is found in that is found at all."""
    code = list(own_code(run, first))
    return next((place for pattern in patterns for place in code if re.search(pattern, place.doing)), None)


def own_files(run: Run, first: str) -> list[str]:
    """The learner's own Python files, `first` before the others; not what Django writes: manage.py and migrations."""
    files = sorted(path.relative_to(run.project).as_posix() for path in run.project.rglob("*.py"))
    theirs = (name for name in files if name not in (*run.given, "manage.py") and "/migrations/" not in name)
    return sorted(theirs, key=lambda name: name != first)


def own_code(run: Run, first: str) -> Iterator[SourceLine]:
    """Each line of code of the learner's own files, of `first` before the others; comments and docstrings left out."""
    for name in own_files(run, first):
        words = {
            number
            for node in ast.walk(tree_of(run.project / name))
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            for number in range(node.lineno, (node.end_lineno or node.lineno) + 1)
        }
        for number, text in enumerate(text_of(run.project / name).splitlines(), 1):
            doing = text.strip()
            if doing and number not in words and not doing.startswith("#"):
                yield SourceLine(name, number, "", doing)


def whole_statement(folder: Path, where: SourceLine) -> SourceLine:
    """The same line; one that only begins a statement, as `workers = (` does, says all of it."""
    first, *others = _statement(folder, where) or [""]
    if not others or where.doing not in ("", first):
        return where
    said = " ".join([first, *others])
    said = re.sub(r"(?<=[\[({]) ", "", re.sub(r",? (?=[\])}])", "", said))
    return replace(where, doing=said if len(said) <= STATEMENT_CHARACTERS else f"{said[: STATEMENT_CHARACTERS - 1]}…")


def _statement(folder: Path, where: SourceLine) -> list[str]:
    """The lines of the Python statement that begins there, without indents and comments; none of one with a body."""
    if not where.file.endswith(".py"):
        return []
    for node in ast.walk(tree_of(folder / where.file)):
        if isinstance(node, ast.stmt) and node.lineno == where.line and not hasattr(node, "body"):
            lines = text_of(folder / where.file).splitlines()[node.lineno - 1 : node.end_lineno]
            parts = (line.partition("  #")[0].strip() for line in lines)
            return [part for part in parts if part and not part.startswith("#")]
    return []
