"""checker/harness/deployment/commands.py: one command, its deadline, and how much of its output is kept."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from checker.harness.deployment.commands import Said, run_command
from checker.harness.log import HEAD_BYTES, TAIL_BYTES
from checker.harness.run import Run
from tests.running import running


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    with running(tmp_path, {}) as run:
        yield run


def said(run: Run, program: str, deadline_s: float = 60.0) -> Said:
    return run_command(run, [sys.executable, "-c", program], {}, deadline_s=deadline_s)


def test_both_outputs_and_the_exit_code_are_told(run: Run) -> None:
    program = "import sys; print('out', flush=True); print('error', file=sys.stderr); sys.exit(3)"
    assert said(run, program) == Said("out\nerror", 3)


def test_one_that_prints_without_end_is_killed_at_the_deadline_and_fills_no_memory(run: Run) -> None:
    endless = said(run, "while True: print('word ' * 1000)", deadline_s=3.0)
    assert endless.returncode is None
    assert len(endless.text) < HEAD_BYTES + 2 * TAIL_BYTES
