"""What the check files share: the learner's serve.py under each server, all of it started at once and asked in turn."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

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
from checker.stage_3.asgi_servers.uvicorn_options import Draft, Options, draft, try_options

LONE_UVICORN = Row("uvicorn", "uvicorn", has_workers=False)


class Begin(Protocol):
    """Starts serve.py for a row: `begin("limited", ["uvicorn", "--limit", "3"], row, folder=copy)`."""

    def __call__(
        self,
        name: str,
        arguments: Sequence[str],
        row: Row,
        *,
        environment: Mapping[str, str] = HERE,
        folder: Path | None = None,
    ) -> Trial:
        """Start it."""
        ...


@dataclass(slots=True)
class Measured:
    """One row's trial, and what will have been seen of it."""

    trial: Trial
    workers: Future[set[int]]
    http2: Future[bool]
    term: Future[Seen]
    hup: Future[Seen]
    killed: Future[Seen] | None  # daphne has no worker to kill


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
def begin(self_bound: starters.SelfBound, depot: Gate) -> Iterator[Begin]:
    """Starts serve.py as it is said, for as long as the checks last."""
    trials: list[Trial] = []

    def start(name: str, arguments: Sequence[str], row: Row, **how: Any) -> Trial:
        # Who is started under `nohup` would inherit that HUP is ignored.
        before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
        try:
            server = stack.start(self_bound, name, arguments, depot, **how)
        finally:
            signal.signal(signal.SIGHUP, before)
        trials.append(Trial(server, depot, row.name, WORKERS if row.has_workers else 1))
        return trials[-1]

    yield start
    for trial in trials:
        trial.close()


@pytest.fixture(scope="session")
def serving(begin: Begin, network: Mapping[str, str]) -> dict[str, Trial]:
    """Each row by its name, told to open itself to everybody."""
    return {row.name: begin(row.name, row.arguments, row, environment=network) for row in ROWS}


@pytest.fixture(scope="session")
def copy(run: Run) -> Path:
    """A copy of the project, in which a module may be saved."""
    folder = run.temporary / "copy"
    copy_project(run.project, folder)
    return folder


@pytest.fixture(scope="session")
def limited(begin: Begin, copy: Path, drawn: Draft, network: Mapping[str, str]) -> Trial:
    """One uvicorn with --limit and --trust, and without HOST."""
    unnamed = {name: value for name, value in network.items() if name != "HOST"}
    return begin("limited", drawn.arguments, LONE_UVICORN, environment=unnamed, folder=copy)


# --- once they serve: what is asked of them, and who is started a second time ---


@pytest.fixture(scope="session")
def measured(begin: Begin, serving: dict[str, Trial]) -> dict[str, Measured]:
    """What each row's trials will have seen. A server that an act ends is started twice."""
    found = {}
    for row in ROWS:
        trial = serving[row.name]
        # What HUP ends cannot be asked to end, and who loses all by a killed worker neither. uvicorn looks after its
        # workers twice a second: one after the other it would take too long.
        second = begin(f"{row.name}-hup", row.arguments, row) if row in (UVICORN, DAPHNE, HYPERCORN) else trial
        workers = trial.then(trial.wait_workers)
        http2 = trial.then(partial(speaks_http2, trial))
        killed = None
        if row.has_workers and row is not HYPERCORN:
            killed = trial.then(partial(kill, trial))
        hup = second.then(partial(hang_up, second))
        if row is HYPERCORN:
            killed = second.then(partial(kill, second))
        found[row.name] = Measured(trial, workers, http2, trial.then(partial(terminate, trial)), hup, killed)
    return found


@pytest.fixture(scope="session")
def options(begin: Begin, limited: Trial, copy: Path, drawn: Draft) -> Options:
    """What the limited one is asked, and one with --reload alone, in the same copy."""
    reloading = begin("reloading", ["uvicorn", "--reload"], LONE_UVICORN, folder=copy)
    return try_options(limited, reloading, copy, drawn)


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
