"""The statement by which a learner's file ends its process: the one that has spoken, or one near a variable."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from checker.harness.learner_files import text_of, tree_of
from course.model import SourceLine

NEAR_LINES = 5
EXIT = re.compile(r"((sys|builtins)\.)?exit|quit|os\._exit|SystemExit")


def found_in(folder: Path, files: Sequence[str]) -> Iterator[tuple[SourceLine, list[str]]]:
    """Each exit, with the parts of its message that stand in the file."""
    for file in files:
        lines = text_of(folder / file).splitlines()
        for node in ast.walk(tree_of(folder / file)):
            if isinstance(node, ast.Call | ast.Raise) and _is_exit(node):
                constants = (part.value for part in ast.walk(node) if isinstance(part, ast.Constant))
                texts = [text.strip() for text in constants if isinstance(text, str) and text.strip()]
                yield SourceLine(file, node.lineno, doing=lines[node.lineno - 1].strip()), texts


def spoken(folder: Path, files: Sequence[str], log: str) -> SourceLine | None:
    """The exit whose message stands in the log; of several, the one that says most."""
    said = {
        place: sum(map(len, texts))
        for place, texts in found_in(folder, files)
        if texts and all(text in log for text in texts)
    }
    return max(said, key=lambda place: said[place], default=None)


def near(folder: Path, files: Sequence[str], variable: str) -> SourceLine | None:
    """The exit that stands nearest below a line that names the variable; None when none is near."""
    distances = {
        place: place.line - named
        for place, _ in found_in(folder, files)
        for named in [_last_naming(folder, place, variable)]
        if named and place.line - named <= NEAR_LINES
    }
    return min(distances, key=lambda place: distances[place], default=None)


def _last_naming(folder: Path, place: SourceLine, variable: str) -> int:
    """The last line above an exit (or its own) that names the variable, comments left out; 0 when none does."""
    lines = text_of(folder / place.file).splitlines()[: place.line]
    naming = (number for number, line in enumerate(lines, 1) if variable in line and not line.lstrip().startswith("#"))
    return max(naming, default=0)


def _is_exit(node: ast.Call | ast.Raise) -> bool:
    """A call of an exit, or a bare `raise SystemExit`."""
    named = node.func if isinstance(node, ast.Call) else node.exc
    return named is not None and EXIT.fullmatch(ast.unparse(named)) is not None
