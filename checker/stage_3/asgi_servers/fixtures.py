"""What the check files share: the learner's serve.py under each server, all of it started at once and asked in turn."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, wait
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from checker.harness import starters
from checker.harness.containers.dockerfile import read as read_dockerfile
from checker.harness.gate import Gate
from checker.harness.history import History
from checker.harness.learner_files import copy_project
from checker.harness.picture import Picture
from checker.harness.run import Run
from checker.harness.seed import Seed
from checker.harness.servers.container import NETWORK, Container
from checker.harness.signals import signal_named
from checker.stage_3.asgi_servers import stack
from checker.stage_3.asgi_servers.acts import Seen, hang_up, kill, terminate
from checker.stage_3.asgi_servers.box import expect_sound_dockerfile
from checker.stage_3.asgi_servers.h2 import speaks_http2
from checker.stage_3.asgi_servers.refusals import COMMANDS, Refusal
from checker.stage_3.asgi_servers.rows import DAPHNE, HYPERCORN, ROWS, UVICORN, WORKERS, Row
from checker.stage_3.asgi_servers.stack import EVERYWHERE, HERE
from checker.stage_3.asgi_servers.trials import Trial
from checker.stage_3.asgi_servers.uvicorn_options import (
    Draft,
    draft,
    expect_believed,
    expect_limit,
    expect_not_believed,
    expect_old_release,
    reload_once_saved,
)


@dataclass(slots=True)
class Measured:
    """One row's trials, and what they will have seen. A server that an act ends is started twice."""

    row: Row
    trial: Trial
    workers: Future[set[int]]
    http2: Future[bool]
    term: Future[Seen]
    hup: Future[Seen]
    killed: Future[Seen] | None  # daphne has no worker to kill


@dataclass(slots=True)
class Options:
    """uvicorn with this run's options, and with --reload alone, and what is asked of both."""

    limited: Trial
    reloading: Trial
    believed: Future[None]
    limit: Future[None]
    unbelieved: Future[None]
    reloaded: Future[None]
    unmoved: Future[None]


@dataclass(slots=True)
class Boxed:
    """The container, and what came of its stop."""

    box: Container
    trial: Trial
    workers: Future[set[int]]
    stopped: Future[Seen]


@pytest.fixture(autouse=True)
def _no_crowd(picture: Picture) -> None:
    """Visitors of eleven servers at once are no picture. What a check draws itself takes the place of this."""
    picture.nothing()


@pytest.fixture(scope="session")
def depot(history: History) -> Iterator[Gate]:
    """The Gate that plays the depot: one for all checks, since open requests outlast them."""
    with closing(Gate(history)) as gate:
        yield gate


@pytest.fixture(scope="session")
def network(run: Run) -> Mapping[str, str]:
    """What opens to everybody here what is opened on loopback in truth, and tells of it."""
    return {"HOST": EVERYWHERE, "PYTHONPATH": str(NETWORK), "LEARN_PROBE": str(run.history.probe_socket)}


@pytest.fixture(scope="session")
def drawn(seed: Seed) -> Draft:
    """The options of this run."""
    return draft(seed)


@pytest.fixture(scope="session")
def measured(self_bound: starters.SelfBound, depot: Gate, network: Mapping[str, str]) -> Iterator[dict[str, Measured]]:
    """Each row by its name. The first start of each is told to open itself to everybody."""
    default = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # who is started under `nohup` would inherit that
    trials: list[Trial] = []

    def begin(row: Row, name: str) -> Trial:
        server = stack.start(self_bound, name, row.arguments, depot, environment=network if name == row.name else HERE)
        trials.append(Trial(server, depot, row.name, WORKERS if row.has_workers else 1))
        return trials[-1]

    found = {}
    for row in ROWS:
        trial = begin(row, row.name)
        # What HUP ends cannot be asked to end, and who loses all by a killed worker neither. uvicorn looks after its
        # workers twice a second: one after the other it would take too long.
        second = begin(row, f"{row.name}-hup") if row in (UVICORN, DAPHNE, HYPERCORN) else trial
        workers = trial.then(trial.wait_workers)
        http2 = trial.then(partial(speaks_http2, trial))
        killed = None
        if row.has_workers and row is not HYPERCORN:
            killed = trial.then(partial(kill, trial))
        hup = second.then(partial(hang_up, second))
        if row is HYPERCORN:
            killed = second.then(partial(kill, second))
        found[row.name] = Measured(row, trial, workers, http2, trial.then(partial(terminate, trial)), hup, killed)
    signal.signal(signal.SIGHUP, default)
    try:
        yield found
    finally:
        for trial in trials:
            trial.close()


@pytest.fixture(scope="session")
def options(
    self_bound: starters.SelfBound, depot: Gate, run: Run, drawn: Draft, network: Mapping[str, str]
) -> Iterator[Options]:
    """One uvicorn with --limit and --trust, and without HOST; and with --reload, in a copy of the project for both."""
    copy = run.temporary / "copy"
    copy_project(run.project, copy)
    unnamed = {name: value for name, value in network.items() if name != "HOST"}
    server = stack.start(self_bound, "limited", drawn.arguments, depot, environment=unnamed, folder=copy)
    limited = Trial(server, depot, "uvicorn")
    server = stack.start(self_bound, "reloading", ["uvicorn", "--reload"], depot, folder=copy)
    reloading = Trial(server, depot, "uvicorn")
    believed = limited.then(partial(expect_believed, limited, drawn))
    limit = limited.then(partial(expect_limit, limited, drawn.limit))
    unbelieved = reloading.then(partial(expect_not_believed, reloading, drawn))

    def save() -> None:
        wait([limit])  # who reloads unasked would break off what it is asked meanwhile
        (copy / "parcels" / "release.py").write_text(f'RELEASE = "{drawn.release}"\n')

    reloaded = reloading.then(partial(reload_once_saved, reloading, save, drawn.release))

    def look_for_release() -> None:
        if reloaded.exception() is None:
            expect_old_release(limited, drawn.release)

    unmoved = limited.then(look_for_release)
    with closing(limited), closing(reloading):
        yield Options(limited, reloading, believed, limit, unbelieved, reloaded, unmoved)


@pytest.fixture(scope="session")
def refusals(self_bound: starters.SelfBound, depot: Gate) -> list[Refusal]:
    """What serve.py has to refuse, started."""
    return [
        Refusal(arguments, option, stack.start(self_bound, f"refused-{number}", arguments, depot))
        for number, (arguments, option) in enumerate(COMMANDS, 1)
    ]


@pytest.fixture(scope="session")
def box(container: starters.Container, depot: Gate, project: Path) -> Container:
    """The container of the Dockerfile."""
    expect_sound_dockerfile(project, read_dockerfile(project / "Dockerfile"))
    return container("Dockerfile", environment={"UPSTREAM_URL": depot.url})


@pytest.fixture(scope="session")
def boxed(box: Container, depot: Gate) -> Iterator[Boxed]:
    """The container, asked and stopped."""
    with closing(Trial(box, depot, "the container", WORKERS)) as trial:
        number = signal_named(box.dockerfile.stop_signal) or signal.SIGTERM
        workers = trial.then(trial.wait_workers)
        yield Boxed(box, trial, workers, trial.then(partial(terminate, trial, number)))
