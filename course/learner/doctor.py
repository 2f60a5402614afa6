"""What `learn doctor` looks at: this machine, this Python, the programs in use, the shell, the folders."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from course import __version__
from course.content.places import IS_CHECKOUT, ROOMS
from course.learner.workspace import Workspace
from course.model import ExitStatus
from course.shared import equipment, open_files, temporary

OLDEST_PYTHON = (3, 11)
OUR_PACKAGES = ("typer", "rich", "jinja2", "pytest", "psutil", "h11", "websockets", "httpx")
# Each of these would change how a server starts or what it imports. The checks start servers without them.
STRAY = ("WEB_CONCURRENCY", "PORT", "GUNICORN_CMD_ARGS", "FORWARDED_ALLOW_IPS", "DJANGO_SETTINGS_MODULE")


class Health(StrEnum):
    """How one part stands."""

    FINE = "fine"
    NOTED = "noted"
    LACKING = "lacking"


@dataclass(frozen=True, slots=True)
class Part:
    """One line of the doctor's: what it is, what was seen, and what to do when it is lacking."""

    group: str
    name: str
    seen: str
    health: Health = Health.FINE
    remedy: str = ""


def examined(workspace: Workspace | None) -> Iterator[Part]:
    """Every part, group by group."""
    yield from _here()
    for name in OUR_PACKAGES:
        yield _package(name)
    for found in equipment.rows():
        group = "Programs" if found.source != equipment.PACKAGE else "Servers and libraries"
        yield _equipment(group, found)
    yield from _shell()
    yield from _folders(workspace)


def status(parts: Iterable[Part]) -> ExitStatus:
    """What the doctor tells the shell."""
    lacking = any(part.health is Health.LACKING for part in parts)
    return ExitStatus.MACHINE_LACKS if lacking else ExitStatus.PASSED


def _here() -> Iterator[Part]:
    group = "This machine"
    python = f"{platform.python_version()} at {sys.executable}"
    old = sys.version_info[:2] < OLDEST_PYTHON
    yield Part(
        group,
        "Python",
        python,
        Health.LACKING if old else Health.FINE,
        "Python 3.11 or later is wanted." if old else "",
    )
    yield Part(group, "system", platform.platform(terse=True))
    yield Part(group, "processors", str(os.cpu_count() or "unknown"))
    yield _open_files(group)
    yield Part("learn-asgi", "version", __version__)
    yield Part("learn-asgi", "rooms", f"{ROOMS} ({'checkout' if IS_CHECKOUT else 'installed'})")


def _open_files(group: str) -> Part:
    seen = f"{open_files.limit():,}"
    if open_files.limit() < open_files.WANTED:
        seen += f"; the checks raise it to {min(open_files.WANTED, open_files.highest_limit()):,}"
    if open_files.highest_limit() >= open_files.ENOUGH:
        return Part(group, "open files", seen)
    remedy = f"The checks want {open_files.ENOUGH:,}: `ulimit -Hn` shows the limit, which only root raises."
    return Part(group, "open files", seen, Health.LACKING, remedy)


def _package(name: str) -> Part:
    try:
        return Part("learn-asgi", name, version(name))
    except PackageNotFoundError:
        return Part("learn-asgi", name, "not installed", Health.LACKING, "Install learn-asgi again.")


def _equipment(group: str, found: equipment.Equipment) -> Part:
    if found.wrong:
        return Part(group, found.name, found.wrong, Health.LACKING, found.remedy)
    if found.url:
        return Part(group, found.name, f"running at {found.shown_url} ({found.source})", Health.NOTED)
    if found.source in (equipment.EMBEDDED, equipment.PACKAGE):
        return Part(group, found.name, f"{found.version}{', embedded' if found.program else ''}")
    return Part(group, found.name, f"{found.version} at {found.program} ({found.source})", Health.NOTED)


def _shell() -> Iterator[Part]:
    stray = [name for name in sorted(os.environ) if name in STRAY or name.startswith("PYTHON")]
    if not stray:
        yield Part("Your shell", "variables", "none that would change a server")
    for name in stray:
        yield Part("Your shell", name, f"{os.environ[name]!r}; the checks run without it", Health.NOTED)
    ours = [name for name in sorted(os.environ) if name.startswith("LEARN_")]
    for name in ours:
        # A URL may hold a password: equipment's own row shows it without.
        yield Part("Your shell", name, "set" if "://" in os.environ[name] else repr(os.environ[name]), Health.NOTED)


def _folders(workspace: Workspace | None) -> Iterator[Part]:
    if temporary.note():
        yield Part("Folders", "TMPDIR", temporary.note(), Health.NOTED)
    yield _writable("temporary", temporary.folder())
    if workspace is None:
        yield Part("Folders", "workspace", "none here; `learn next` makes one", Health.NOTED)
    else:
        yield _writable("workspace", workspace.root)


def _writable(name: str, folder: Path) -> Part:
    import shutil

    if not os.access(folder, os.W_OK | os.X_OK):
        return Part(
            "Folders", name, f"{folder} cannot be written to", Health.LACKING, f"Look at it with `ls -ld {folder}`."
        )
    free_mb = shutil.disk_usage(folder).free // 2**20
    if free_mb < 100:
        return Part("Folders", name, f"{folder}, {free_mb} MB free", Health.LACKING, "Free some space.")
    return Part("Folders", name, f"{folder}, {free_mb:,} MB free")
