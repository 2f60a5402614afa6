"""The depot's three services, each under a gunicorn of its own, or one under its manager."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from checker.harness import starters
from checker.harness.gate import Gate
from checker.harness.run import Run
from checker.harness.server import Server
from checker.harness.servers.container import Container
from checker.harness.servers.supervisord import Supervisor
from checker.harness.servers.systemd import SystemdService
from checker.harness.stand import Stand
from checker.stage_2.gunicorn_deployment.settings import file_of

SUPERVISOR_FILE = "deploy/supervisord.conf"
SERVICE_FILE = "deploy/web.service"
SOCKET_FILE = "deploy/web.socket"
SERVICES = ("exports", "pages", "reports")
CHOICES = {"profile": SERVICES, "manager": ("supervisor", "systemd", "container")}


def stand(
    gunicorn: starters.Gunicorn,
    *,
    supervisord: starters.Supervisord,
    systemd: starters.Systemd,
    container: starters.Container,
    gate: Gate,
    run: Run,
    chosen: Mapping[str, str],
) -> Stand:
    """All three under the learner's profiles, or what is chosen, with the Gate for the supplier and his own RELEASE."""
    release_file = run.project / "RELEASE"
    world = outside(gate, run, release_file, "by_hand")
    match chosen.get("manager"):
        case "supervisor":
            supervisor = start_supervised(supervisord, world)
            return Stand([supervisor], {**world, **supervisor.variables}, logs=[supervisor.log_folder])
        case "systemd":
            return Stand([start_unit(systemd, world)], world)
        case "container":
            return Stand([start_contained(container, world)], world)
    services = [chosen["profile"]] if "profile" in chosen else SERVICES
    return Stand(list(start_services(gunicorn, gate, run, release_file, services).values()), world)


def start_services(
    start: starters.Gunicorn, gate: Gate, run: Run, release_file: Path, names: Sequence[str] = SERVICES
) -> dict[str, Server]:
    """Each service by its name; they boot side by side."""
    return {
        name: start(
            "depot.wsgi:application",
            name=name,
            config=file_of(name),
            environment=outside(gate, run, release_file, name),
        )
        for name in names
    }


def start_supervised(start: starters.Supervisord, world: Mapping[str, str]) -> Supervisor:
    """The real supervisord, with the learner's configuration."""
    return start(SUPERVISOR_FILE, environment=world)


def start_unit(start: starters.Systemd, world: Mapping[str, str]) -> SystemdService:
    """web.service, started as systemd would, with the socket that web.socket tells of."""
    return start(SERVICE_FILE, SOCKET_FILE, environment=world, installed_at="/srv/depot")


def start_contained(start: starters.Container, world: Mapping[str, str]) -> Container:
    """The container of the Dockerfile."""
    return start("Dockerfile", environment=world)


def outside(gate: Gate, run: Run, release_file: Path, database: str) -> Mapping[str, str]:
    """What whoever starts gunicorn tells the depot about the world. Nobody shares a database."""
    return {
        "UPSTREAM_URL": gate.url,
        "DATABASE_PATH": str(run.temporary / f"{database}.sqlite3"),
        "RELEASE_FILE": str(release_file),
    }
