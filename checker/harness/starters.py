"""The types of the fixtures that start something: `def site(gunicorn: Gunicorn, gate: Gate) -> Server`.

Each is the starter of the same name without its run. mypy holds it against the starter's own signature (fixtures.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # a check that starts no database does not load its client
    from checker.harness import program, server, site
    from checker.harness.servers import container, postgres, supervisord, systemd, valkey


class Gunicorn(Protocol):
    """Starts gunicorn: servers/gunicorn.py."""

    def __call__(
        self,
        app: str,
        *,
        name: str = "gunicorn",
        config: str | None = None,
        arguments: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        asgi: bool = False,
    ) -> server.Server:
        """Start it on `app` ("shop.wsgi:application")."""
        ...


class Uvicorn(Protocol):
    """Starts uvicorn: servers/uvicorn.py."""

    def __call__(
        self,
        app: str,
        *,
        name: str = "uvicorn",
        arguments: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> server.Server:
        """Start it on `app` ("desk.asgi:application")."""
        ...


class Daphne(Protocol):
    """Starts daphne: servers/daphne.py."""

    def __call__(
        self,
        app: str,
        *,
        name: str = "daphne",
        arguments: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> server.Server:
        """Start it on `app` ("desk.asgi:application")."""
        ...


class Hypercorn(Protocol):
    """Starts hypercorn: servers/hypercorn.py."""

    def __call__(
        self,
        app: str,
        *,
        name: str = "hypercorn",
        arguments: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> server.Server:
        """Start it on `app` ("desk.asgi:application")."""
        ...


class Nginx(Protocol):
    """Starts nginx: servers/nginx.py."""

    def __call__(self, site: str, *, name: str = "nginx", values: Mapping[str, str] | None = None) -> server.Server:
        """Start it on `site`, a file of the project that belongs inside `http {}`."""
        ...


class Valkey(Protocol):
    """Starts Valkey: servers/valkey.py."""

    def __call__(self, *, name: str = "valkey", arguments: Sequence[str] = ()) -> valkey.Valkey:
        """Start it, empty; or hand out the running one of LEARN_REDIS_URL."""
        ...


class Postgres(Protocol):
    """Starts PostgreSQL: servers/postgres.py."""

    def __call__(self, *, name: str = "postgres", settings: Mapping[str, str] | None = None) -> postgres.Postgres:
        """Start it, with an empty database; or hand out the running one."""
        ...


class Program(Protocol):
    """Runs a command-line program of the learner's: program.py."""

    def __call__(
        self,
        command: Sequence[str],
        *,
        name: str,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
        stdin: bytes | None = b"",
    ) -> program.Program:
        """Run it: `program([sys.executable, "-m", "desk"], name="desk")`."""
        ...


class SelfBound(Protocol):
    """Starts a server that binds its own port: site.py."""

    def __call__(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> site.SelfBound:
        """Start it: `self_bound("mine", [sys.executable, "-m", "mine", "{port}"])`."""
        ...


class Supervisord(Protocol):
    """Starts supervisord: servers/supervisord.py."""

    def __call__(
        self,
        config: str = "deploy/supervisord.conf",
        *,
        environment: Mapping[str, str] | None = None,
        name: str = "supervisord",
    ) -> supervisord.Supervisor:
        """Start it by a file of the project."""
        ...


class Systemd(Protocol):
    """Starts a service unit as systemd would: servers/systemd.py."""

    def __call__(
        self,
        service: str = "deploy/web.service",
        socket: str | None = None,
        *,
        environment: Mapping[str, str] | None = None,
        name: str = "systemd",
        installed_at: str = "/srv/shop",
    ) -> systemd.SystemdService:
        """Start it by a unit of the project, and by its socket unit when that is named."""
        ...


class Container(Protocol):
    """Starts what a Dockerfile says, as docker would: servers/container.py."""

    def __call__(
        self,
        dockerfile: str = "Dockerfile",
        *,
        environment: Mapping[str, str] | None = None,
        name: str = "container",
    ) -> container.Container:
        """Start it by a Dockerfile of the project."""
        ...


class Ahead(Protocol):
    """Asks for a fixture of a later check before its time."""

    def __call__(self, fixture: str, check: str) -> None:
        """Nothing where that check is not to run. What is refused ends that check, and not the one that asks."""
        ...
