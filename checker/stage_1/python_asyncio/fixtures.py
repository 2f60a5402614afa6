"""What the checks of this exercise share: `python -X dev -m desk` on an order, with the Gate for its upstreams."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from checker.harness import starters
from checker.harness.gate import Gate
from checker.harness.history import History
from checker.harness.run import Run
from checker.harness.server import PROBE_FOLDER
from checker.stage_1.python_asyncio.desk import Desk, Start
from checker.stage_1.python_asyncio.plan import Plan


@pytest.fixture
def start(program: starters.Program, gate: Gate, history: History, run: Run) -> Iterator[Start]:
    """Start a desk on an order. It is stopped after the check: the next one has the Gate for itself."""
    desks: list[Desk] = []

    def started(plan: Plan, upstream_url: str = "") -> Desk:
        command = [sys.executable, "-X", "dev", "-m", "desk", *plan.arguments]
        name = "desk" if not desks else f"desk {len(desks) + 1}"
        tasks_file = run.temporary / f"tasks-{len(desks)}.json"
        environment = {
            "UPSTREAM_URL": upstream_url or gate.url,
            "PYTHONPATH": str(PROBE_FOLDER),
            "LEARN_TASKS": str(tasks_file),
        }
        running = program(command, name=name, environment=environment)
        desks.append(Desk(running, plan, gate, history, project=run.project, tasks_file=tasks_file))
        return desks[-1]

    yield started
    for desk in desks:
        desk.program.stop(midway=not desk.has_ended)
