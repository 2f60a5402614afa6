"""The depot's three services, each under a gunicorn of its own: for its checks, and for `learn run`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from checker.harness import starters
from checker.harness.gate import Gate
from checker.harness.run import Run
from checker.harness.server import Server
from checker.harness.stand import Stand
from checker.stage_2.gunicorn_deployment.settings import file_of

SERVICES = ("exports", "pages", "reports")


def stand(gunicorn: starters.Gunicorn, gate: Gate, run: Run) -> Stand:
    """All three under the learner's profiles, with the Gate for the supplier and the project's own RELEASE."""
    release_file = run.project / "RELEASE"
    services = start_services(gunicorn, gate, run, release_file)
    return Stand(list(services.values()), outside(gate, run, release_file, "by_hand"))


def start_services(start: starters.Gunicorn, gate: Gate, run: Run, release_file: Path) -> dict[str, Server]:
    """Each service by its name; they boot side by side."""
    return {
        name: start(
            "depot.wsgi:application",
            name=name,
            config=file_of(name),
            environment=outside(gate, run, release_file, name),
        )
        for name in SERVICES
    }


def outside(gate: Gate, run: Run, release_file: Path, database: str) -> Mapping[str, str]:
    """What whoever starts gunicorn tells the depot about the world. Nobody shares a database."""
    return {
        "UPSTREAM_URL": gate.url,
        "DATABASE_PATH": str(run.temporary / f"{database}.sqlite3"),
        "RELEASE_FILE": str(release_file),
    }
