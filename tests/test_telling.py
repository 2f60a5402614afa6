"""checker/stage_1/python_asyncio/telling.py: which lines on stdout are the desk's, and which the learner's own."""

from __future__ import annotations

import pytest

from checker.stage_1.python_asyncio.telling import event


@pytest.mark.parametrize(
    "line",
    [
        '{"event": "quote", "symbol": "ACME", "price": "11.10"}',
        '{"event": "quote", "symbol": "ACME", "price": 11.1}',
        '{"event": "failed", "symbol": "ACME", "reason": ""}',
        '{"event": "beat"}',
        '{"event": "end", "failed": ["ACME"], "tasks_left": []}',
    ],
)
def test_lines_of_report_count(line: str) -> None:
    assert event(line) is not None


@pytest.mark.parametrize(
    "line",
    [
        "asking ACME",
        "[1]",
        '"quote"',
        '{"event": "end"}',
        '{"event": "end", "failed": 1, "tasks_left": 2}',
        '{"event": ["quote"], "symbol": "ACME", "price": "1"}',
        '{"event": "asked", "symbol": "ACME"}',
        '{"event": "quote", "symbol": "ACME", "answer_bytes": 5}',
        '{"event": "failed", "symbol": ["ACME"], "reason": "late"}',
        "[" * 100_000,
    ],
)
def test_lines_of_ones_own_do_not(line: str) -> None:
    assert event(line) is None
