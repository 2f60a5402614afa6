"""What an exercise's check files say without being run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from course.errors import CourseBug


def checks(suite: Path) -> Iterator[str]:
    """The checks of an exercise's check files, in their order. Raises CourseBug for a file that is no Python."""
    for file in sorted(suite.glob("test_*.py")):
        for node in parsed(file).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield node.name


def parsed(file: Path) -> ast.Module:
    """A module of the checks. Raises CourseBug that names the file and the line, for one that is no Python."""
    try:
        return ast.parse(file.read_text(encoding="utf-8"))
    except SyntaxError as error:
        raise CourseBug(f"{file}:{error.lineno}: {error.msg}") from error
    except ValueError as error:
        raise CourseBug(f"{file}: {error}") from error
