"""The three services under the learner's profiles, the managers, and the world around them: started once for all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import pytest

from checker.harness import starters
from checker.harness.containers.dockerfile import read as read_dockerfile
from checker.harness.gate import Gate
from checker.harness.run import Run
from checker.harness.servers.container import Container
from checker.harness.servers.supervisord import Supervisor
from checker.harness.servers.systemd import SystemdService
from checker.harness.stack import Stack
from checker.harness.systemd.unit import Unit
from checker.stage_2.gunicorn_deployment import stack
from checker.stage_2.gunicorn_deployment.dockerfile import expect_sound_dockerfile
from checker.stage_2.gunicorn_deployment.overrides import Printing
from checker.stage_2.gunicorn_deployment.profiles import FIRST_RELEASE, Profile, start_all
from checker.stage_2.gunicorn_deployment.units import expect_sound_units

Outside = Callable[[str], Mapping[str, str]]


@pytest.fixture(scope="session")
def release_file(run: Run) -> Path:
    """The file that says which release is deployed."""
    file = run.temporary / "release"
    file.write_text(FIRST_RELEASE)
    return file


@pytest.fixture(scope="session")
def profiles(gunicorn: starters.Gunicorn, gate: Gate, run: Run, release_file: Path) -> Mapping[str, Profile]:
    """The three services, each under a gunicorn of its own."""
    return start_all(run, gunicorn, gate, release_file)


@pytest.fixture(scope="session")
def outside(gate: Gate, run: Run, release_file: Path) -> Outside:
    """What a manager tells the depot about the world; each has a database of its own."""
    return partial(stack.outside, gate, run, release_file)


# --- the managers: asked for ahead of their checks, so what they would not take is not started ---


@pytest.fixture(scope="session")
def supervisor(supervisord: starters.Supervisord, outside: Outside) -> Supervisor:
    """The real supervisord, with the learner's configuration."""
    return stack.start_supervised(supervisord, outside("supervisor"))


@pytest.fixture(scope="session")
def _sound_units(project: Path) -> Unit:
    """web.service. The check of the units asks for it, and who starts it: systemd-analyze is run once."""
    return expect_sound_units(project)


@pytest.fixture(scope="session")
def service(systemd: starters.Systemd, outside: Outside, _sound_units: Unit) -> SystemdService:
    """web.service, started as systemd would, with the socket that web.socket tells of."""
    return stack.start_unit(systemd, outside("systemd"))


@pytest.fixture(scope="session")
def service_printing(stack: Stack, service: SystemdService) -> Printing:
    """What gunicorn under systemd was started with."""
    return stack.start(Printing, service, service.main_pid)


@pytest.fixture(scope="session")
def box(container: starters.Container, outside: Outside, project: Path) -> Container:
    """The container of the Dockerfile."""
    expect_sound_dockerfile(project, read_dockerfile(project / "Dockerfile"))
    return stack.start_contained(container, outside("container"))


@pytest.fixture(scope="session")
def box_printing(stack: Stack, box: Container) -> Printing:
    """What gunicorn in the container was started with."""
    return stack.start(Printing, box, box.pid)
