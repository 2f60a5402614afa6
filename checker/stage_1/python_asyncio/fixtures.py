"""What the checks of this exercise share: a starter of desks, and the trials that run side by side."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from checker.harness.gate import Gate
from checker.harness.run import Run
from checker.harness.stack import Stack
from checker.stage_1.python_asyncio.desk import Start
from checker.stage_1.python_asyncio.side_by_side import Trials
from checker.stage_1.python_asyncio.starting import desks


@pytest.fixture
def start(run: Run, stack: Stack, gate: Gate) -> Iterator[Start]:
    """Start a desk on an order. It is stopped after the check: the next one has the Gate for itself."""
    with desks(run, stack, gate) as start:
        yield start


@pytest.fixture(scope="session")
def trials(run: Run, stack: Stack, request: pytest.FixtureRequest) -> Iterator[Trials]:
    """The checks of this run that are marked `@beside`."""
    with Trials(run, stack, request.session.items) as trials:
        yield trials
