"""A message that was said once, put into the store many times more: whatever its table is, and without its author.

A store may hold more than it shows, which a copy cannot keep in step: a counter, a digest. So copies may tell that
somebody is right, and never that somebody is wrong.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from checker.milestones.chat_app.talker import Said

WRITES_WITHIN_S = 5.0


def copied(store: Path, said: Said, key: str, texts: Sequence[str]) -> list[Said]:
    """The copies of the message that was said with this key, each with a text of its own; none where that fails."""
    with closing(sqlite3.connect(store, timeout=WRITES_WITHIN_S, isolation_level=None)) as database:
        database.row_factory = sqlite3.Row
        try:
            with database:
                database.execute("BEGIN IMMEDIATE")
                return _copied(database, said, key, texts)
        except sqlite3.Error:
            return []


def _copied(database: sqlite3.Connection, said: Said, key: str, texts: Sequence[str]) -> list[Said]:
    tables = [row["name"] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    holding = [(table, row) for table in tables for row in _rows(database, table) if said.text in tuple(row)]
    if len(holding) != 1:
        return []
    table, row = holding[0]
    number = _number_of(database, table)
    if number is None or row[number] != said.id:
        return []
    columns = [name for name in row.keys() if name != number]  # noqa: SIM118  # a Row holds values, not names
    names, places = ", ".join(map(_quoted, columns)), ", ".join("?" * len(columns))
    copies = []
    for at, text in enumerate(texts):
        new = {said.text: text, key: f"{key}-{at}"}
        values = [new.get(row[name], row[name]) for name in columns]
        cursor = database.execute(f"INSERT INTO {_quoted(table)} ({names}) VALUES ({places})", values)  # noqa: S608
        copies.append(replace(said, id=cursor.lastrowid or 0, text=text))
    return copies


def _rows(database: sqlite3.Connection, table: str) -> list[sqlite3.Row]:
    return database.execute(f"SELECT * FROM {_quoted(table)}").fetchall()  # noqa: S608


def _number_of(database: sqlite3.Connection, table: str) -> str | None:
    """The column that the store counts up by itself."""
    found = [row["name"] for row in database.execute(f"PRAGMA table_info({_quoted(table)})") if row["pk"]]
    return found[0] if len(found) == 1 else None


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
