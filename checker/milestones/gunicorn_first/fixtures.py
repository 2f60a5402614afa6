"""The learner's configuration, and the box offices that several check files share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from checker.harness import starters
from checker.harness.gate import Gate
from checker.harness.run import Run
from checker.harness.site import SelfBound
from checker.milestones.gunicorn_first.configuration import (
    ONE_WORKER,
    SHORT_S,
    Printed,
    print_configuration,
    start_gunicorn,
    variables,
)
from checker.milestones.gunicorn_first.office import Office, copy_of
from checker.milestones.gunicorn_first.trials import start_trial


@pytest.fixture(scope="session")
def printed(run: Run, gate: Gate, self_bound: starters.SelfBound) -> Printed:
    """What the learner's configuration comes to."""
    printed = print_configuration(run, gate)
    if printed is None:
        site = start_gunicorn(self_bound, run, "gunicorn", variables(gate), folder=run.project)
        site.expect_ready("/hello/")  # ends with the server's own words on what it cannot read
        raise LookupError("gunicorn serves with a configuration that it did not print")
    return printed


@pytest.fixture(scope="session")
def start(run: Run, gate: Gate, printed: Printed, self_bound: starters.SelfBound) -> Callable[..., Office]:
    """Starts a box office under the learner's configuration, in a copy of its own."""

    def start(name: str, **changed: str | None) -> Office:
        folder = copy_of(run, name)
        site = start_gunicorn(self_bound, run, name, variables(gate, **changed), folder=folder)
        return Office(run, gate, printed, site, folder)

    return start


@pytest.fixture(scope="session")
def office(start: Callable[..., Office]) -> Office:
    """The box office. Its output is buffered, as Python does it by itself."""
    return start("office", PYTHONUNBUFFERED="")


@pytest.fixture(scope="session")
def impatient(start: Callable[..., Office]) -> Office:
    """A second one, which gives the theatre SHORT_S."""
    return start("impatient", THEATRE_TIMEOUT_S=str(SHORT_S))


@pytest.fixture(scope="session")
def on_defaults(run: Run, gate: Gate, printed: Printed, self_bound: starters.SelfBound) -> Office:
    """A third one, which is told no number of seconds. It has one worker, and only boots."""
    alone = replace(printed, workers=replace(printed.workers, workers=1))
    folder = copy_of(run, "on-defaults")
    environment = variables(gate, THEATRE_TIMEOUT_S=None, WORKER_TIMEOUT_S=None)
    site = start_gunicorn(self_bound, run, folder.name, environment, folder=folder, arguments=ONE_WORKER)
    return Office(run, gate, alone, site, folder)


@pytest.fixture(scope="session")
def tried(run: Run, gate: Gate, self_bound: starters.SelfBound) -> Mapping[int, SelfBound]:
    """What the notes foretell is tried on: one worker, by how many threads it has."""
    folder = copy_of(run, "trials")
    return {threads: start_trial(self_bound, run, gate, folder, threads=threads) for threads in (1, 8)}
