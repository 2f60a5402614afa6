"""Starts desks: `python -X dev -m desk` on an order, with a Gate for its upstreams."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from checker.harness.gate import Gate
from checker.harness.program import Program
from checker.harness.run import Run
from checker.harness.server import PROBE_FOLDER
from checker.harness.stack import Stack
from checker.stage_1.python_asyncio.desk import Desk, Start
from checker.stage_1.python_asyncio.plan import Plan


@contextmanager
def desks(run: Run, stack: Stack, gate: Gate) -> Iterator[Start]:
    """A starter of desks; those that it has started are stopped in the end."""
    running: list[Desk] = []

    def start(plan: Plan, upstream_url: str = "") -> Desk:
        command = [sys.executable, "-X", "dev", "-m", "desk", *plan.arguments]
        name = "desk" if not running else f"desk {len(running) + 1}"
        tasks_file = run.temporary / f"tasks-{gate.port}-{len(running)}.json"
        environment = {
            "UPSTREAM_URL": upstream_url or gate.url,
            "PYTHONPATH": str(PROBE_FOLDER),
            "LEARN_TASKS": str(tasks_file),
        }
        # Of this run, which need not be the stack's own (side_by_side.py).
        program = stack.start(lambda _: Program(run, command, name=name, environment=environment))
        running.append(Desk(program, plan, gate, run.history, project=run.project, tasks_file=tasks_file))
        return running[-1]

    try:
        yield start
    finally:
        for desk in running:
            desk.program.stop(midway=not desk.has_ended)
