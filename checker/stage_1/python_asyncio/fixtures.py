"""What the checks of this exercise share: `python -X dev -m desk` on an order, with the Gate for its upstreams."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from checker.harness import starters
from checker.harness.gate import Gate
from checker.harness.history import History
from checker.stage_1.python_asyncio.desk import Desk, Start
from checker.stage_1.python_asyncio.plan import Plan


@pytest.fixture
def start(program: starters.Program, gate: Gate, history: History, project: Path) -> Iterator[Start]:
    """Start a desk on an order. It is stopped after the check: the next one has the Gate for itself."""
    desks: list[Desk] = []

    def started(plan: Plan, upstream_url: str = "") -> Desk:
        command = [sys.executable, "-X", "dev", "-m", "desk", *plan.arguments]
        name = "desk" if not desks else f"desk {len(desks) + 1}"
        running = program(command, name=name, environment={"UPSTREAM_URL": upstream_url or gate.url})
        desks.append(Desk(running, plan, gate, history, project))
        return desks[-1]

    yield started
    for desk in desks:
        desk.program.stop(midway=not desk.has_ended)
