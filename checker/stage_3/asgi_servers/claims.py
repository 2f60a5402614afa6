"""capabilities.json as the learner has filled it in, with the line of each cell."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from checker.harness.findings import fail
from checker.harness.learner_files import expect_text, text_of
from checker.stage_3.asgi_servers.rows import COLUMNS, FILE, ROWS, Value
from course.model import SourceLine

Claims = Mapping[str, Mapping[str, Value]]


def expect_claims(project: Path) -> Claims:
    """Each row and each cell is there, and says one of the words that it may say."""
    text = expect_text(project, FILE)
    try:
        table: Any = json.loads(text)
    except ValueError as error:
        line = getattr(error, "lineno", 1)
        _refuse("it is a JSON object with a row for each server", f"it is no JSON: {error}", SourceLine(FILE, line))
    names = [row.name for row in ROWS]
    _expect_keys("the rows are the five servers", table, names, SourceLine(FILE, 1))
    for name in names:
        _expect_keys(f"the row {name} has the six cells", table[name], list(COLUMNS), place(project, name))
        for column, allowed in COLUMNS.items():
            said = table[name][column]
            if not any(said is word if isinstance(word, bool) else said == word for word in allowed):
                wanted = f"{name}: {column} is one of {', '.join(map(json.dumps, allowed))}"
                _refuse(wanted, f"it is {json.dumps(said)}", place(project, name, column))
    claims: Claims = table
    return claims


def place(project: Path, row: str, column: str = "") -> SourceLine:
    """The line of a cell, or of a row; the file's first where it is not found."""
    text = text_of(project / FILE)
    head = re.search(rf'"{re.escape(row)}"\s*:', text)
    if head and column:
        cell = re.compile(rf'"{column}"\s*:').search(text, head.end())
        head = cell or head
    number = text.count("\n", 0, head.start()) + 1 if head else 1
    return SourceLine(FILE, number)


def _expect_keys(wanted: str, table: Any, names: list[str], where: SourceLine) -> None:
    if not isinstance(table, dict):
        _refuse(wanted, f"it is {json.dumps(table)}", where)
    if set(table) != set(names):
        lacks = [name for name in names if name not in table]
        further = [name for name in table if name not in names]
        saw = "; ".join(
            f"{what} {', '.join(found)}" for what, found in (("it lacks", lacks), ("nobody asks for", further)) if found
        )
        _refuse(f"{wanted}: {', '.join(names)}", saw, where)


def _refuse(wanted: str, saw: str, where: SourceLine) -> NoReturn:
    fail("table-incomplete", wanted=wanted, saw=saw, where=where)
