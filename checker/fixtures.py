"""What every check file may ask for: the project, the history, the Gate, and a starter for each server.

Servers live as long as the exercise's checks. After the last one the Gate opens, and what was started stops in reverse.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from checker.checks import needed_by
from checker.harness import starters
from checker.harness.findings import NotYet
from checker.harness.gate import Gate
from checker.harness.history import History
from checker.harness.picture import Picture
from checker.harness.program import Program
from checker.harness.run import RUN, Run
from checker.harness.seed import Seed
from checker.harness.site import SelfBound
from checker.harness.stack import Stack
from checker.harness.suite import OUTCOME
from course.errors import MachineLacks
from course.model import Outcome


@pytest.fixture(scope="session")
def run(pytestconfig: pytest.Config) -> Run:
    """The run that the grading child was started for."""
    given: Run = pytestconfig.stash[RUN]
    return given


@pytest.fixture(scope="session")
def project(run: Run) -> Path:
    """The learner's folder. Read it; never import from it."""
    return run.project


@pytest.fixture(scope="session")
def history(run: Run) -> History:
    """Everything that has happened so far."""
    return run.history


@pytest.fixture(scope="session")
def _one_gate(run: Run) -> Iterator[Gate]:
    with Gate(run.history, run.port("gate")) as gate:
        yield gate


@pytest.fixture(scope="session")
def gate(_one_gate: Gate) -> Gate:
    """The latch that plays the slow upstream: `environment={"UPSTREAM_URL": gate.url}`."""
    return _one_gate


@pytest.fixture(autouse=True)
def _fresh_gate(_one_gate: Gate) -> None:
    """Each check begins with an empty Gate: what an earlier one left held is let go."""
    _one_gate.reset()


@pytest.fixture(scope="session")
def stack(run: Run, _one_gate: Gate) -> Iterator[Stack]:
    """What the checks have started."""
    stack = Stack(run)
    yield stack
    _one_gate.open()
    stack.stop()


@pytest.fixture
def ahead(request: pytest.FixtureRequest) -> starters.Ahead:
    """Starts now what a later check will ask for: `ahead("mirror", "test_the_mirror_answers")`. It boots meanwhile."""
    items = {item.name: item for item in request.session.items}

    def start(fixture: str, check: str) -> None:
        needed = [items[name] for name in needed_by(items[check])] if check in items else []
        if check in items and all(item.stash.get(OUTCOME, Outcome.PASSED) is Outcome.PASSED for item in needed):
            # Who asks for a fixture again is told again what it was refused for.
            with suppress(NotYet, MachineLacks):
                request.getfixturevalue(fixture)

    return start


@pytest.fixture(scope="session")
def seed(history: History) -> Seed:
    """What the run draws its data from: `seed.random("titles").sample(...)`. Recorded; LEARN_SEED draws it again."""
    return Seed(history)


@pytest.fixture
def picture(run: Run) -> Picture:
    """What a check draws itself: `picture.lanes(...)`, `picture.chart(...)`, and `picture.missing(...)`."""
    return Picture(run.history)


# --- what starts something: session-scoped, and imported only where a check asks for it ---


@pytest.fixture(scope="session")
def program(stack: Stack) -> starters.Program:
    """Runs a command-line program of the learner's: `program([sys.executable, "-m", "desk"], name="desk")`."""
    return stack.starter(Program)


@pytest.fixture(scope="session")
def self_bound(stack: Stack) -> starters.SelfBound:
    """Starts a server that binds its own port: `self_bound("mine", [sys.executable, "-m", "mine", "{port}"])`."""
    return stack.starter(SelfBound)


@pytest.fixture(scope="session")
def gunicorn(stack: Stack) -> starters.Gunicorn:
    """Starts gunicorn: `gunicorn("shop.wsgi:application", config="gunicorn.conf.py")`."""
    from checker.harness.servers import gunicorn as module

    return stack.starter(module.gunicorn)


@pytest.fixture(scope="session")
def uvicorn(stack: Stack) -> starters.Uvicorn:
    """Starts uvicorn: `uvicorn("desk.asgi:application")`."""
    from checker.harness.servers import uvicorn as module

    return stack.starter(module.uvicorn)


@pytest.fixture(scope="session")
def daphne(stack: Stack) -> starters.Daphne:
    """Starts daphne: `daphne("desk.asgi:application")`."""
    from checker.harness.servers import daphne as module

    return stack.starter(module.daphne)


@pytest.fixture(scope="session")
def hypercorn(stack: Stack) -> starters.Hypercorn:
    """Starts hypercorn: `hypercorn("desk.asgi:application")`."""
    from checker.harness.servers import hypercorn as module

    return stack.starter(module.hypercorn)


@pytest.fixture(scope="session")
def nginx(stack: Stack) -> starters.Nginx:
    """Starts nginx on a file of the project: `nginx("deploy/site.conf", values={"APP": server.url})`."""
    from checker.harness.servers import nginx as module

    return stack.starter(module.nginx)


@pytest.fixture(scope="session")
def valkey(stack: Stack) -> starters.Valkey:
    """Starts Valkey, empty: `valkey()`."""
    from checker.harness.servers import valkey as module

    return stack.starter(module.valkey)


@pytest.fixture(scope="session")
def postgres(stack: Stack) -> starters.Postgres:
    """Starts PostgreSQL with an empty database: `postgres()`."""
    from checker.harness.servers import postgres as module

    return stack.starter(module.postgres)


@pytest.fixture(scope="session")
def supervisord(stack: Stack) -> starters.Supervisord:
    """Starts supervisord on a file of the project: `supervisord("deploy/supervisord.conf")`."""
    from checker.harness.servers import supervisord as module

    return stack.starter(module.supervisord)


@pytest.fixture(scope="session")
def systemd(stack: Stack) -> starters.Systemd:
    """Starts a service unit of the project, without systemd: `systemd("deploy/web.service", "deploy/web.socket")`."""
    from checker.harness.servers import systemd as module

    return stack.starter(module.systemd)


@pytest.fixture(scope="session")
def container(stack: Stack) -> starters.Container:
    """Starts what a Dockerfile of the project says, without docker: `container("Dockerfile")`."""
    from checker.harness.servers import container as module

    return stack.starter(module.container)
