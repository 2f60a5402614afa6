"""What the learner's supervisord.conf says, and what supervisord makes of it. Starts nothing."""

from __future__ import annotations

from collections.abc import Sequence
from configparser import Error as ConfigError
from configparser import RawConfigParser
from contextlib import suppress
from glob import glob
from pathlib import Path

from checker.harness.findings import fail
from checker.harness.servers.supervisord import Supervisor
from checker.stage_2.gunicorn_deployment.profiles import Profile, expect_gunicorn_grants
from checker.stage_2.gunicorn_deployment.settings import line_that_sets
from checker.stage_2.gunicorn_deployment.stack import SUPERVISOR_FILE
from course.model import SourceLine

PROGRAM = "program:web"
# What supervisord waits for when the file does not say.
STOP_WAIT_S = 10.0
# gunicorn tries five times, a second apart, for a port that is taken (gunicorn/sock.py), and needs a moment to start.
BIND_TRIES_S = 6
START_S = 1
START_RETRIES = 3


def program_setting(project: Path, name: str) -> tuple[str, SourceLine]:
    """A setting of [program:web] as it is written, "" when it is not set, and its line: in an included file, too.

    What supervisord makes of it is for supervisord to tell (`Supervisor.config_of`).
    """
    file = next((file for file in _files(project) if PROGRAM in _read(project, [file])), SUPERVISOR_FILE)
    place = line_that_sets(project, file, [name], rf"[{PROGRAM}]")
    return _read(project, [file]).get(PROGRAM, name, fallback=""), place


def _files(project: Path) -> list[str]:
    """supervisord.conf, then those of the project that its [include] names (relative to its own folder)."""
    folder = (project / SUPERVISOR_FILE).parent
    patterns = _read(project, [SUPERVISOR_FILE]).get("include", "files", fallback="").replace("%(here)s", str(folder))
    # glob, as supervisord does it: a pattern may be a whole path.
    included = {Path(found).resolve() for pattern in patterns.split() for found in glob(str(folder / pattern))}  # noqa: PTH207
    root = project.resolve()
    own = (path.relative_to(root).as_posix() for path in sorted(included) if path.is_relative_to(root))
    return [SUPERVISOR_FILE, *own]


def _read(project: Path, files: Sequence[str]) -> RawConfigParser:
    parser = RawConfigParser(inline_comment_prefixes=(";", "#"), strict=False)
    with suppress(ConfigError, OSError, ValueError):
        parser.read([project / file for file in files if (project / file).is_file()], encoding="utf-8")
    return parser


def expect_supervisor_grace(supervisor: Supervisor, project: Path, exports: Profile, longest_s: int) -> None:
    """Neither gunicorn nor supervisord kills an export before its time is over."""
    expect_gunicorn_grants(exports, longest_s, "an export that is under way at a stop has two minutes to finish")
    _, line = program_setting(project, "stopwaitsecs")
    wait_s = float(supervisor.config_of("web").get("stopwaitsecs", STOP_WAIT_S))
    if wait_s <= exports.settings.graceful_timeout_s:
        fail(
            "too-little-grace",
            wanted="supervisord waits longer for gunicorn than gunicorn does for its workers",
            saw=f"stopwaitsecs is {wait_s:.0f} s, graceful_timeout {exports.settings.graceful_timeout_s} s: "
            "supervisord kills the master first",
            where=line,
        )


def expect_patient_supervisor(supervisor: Supervisor, project: Path, longest_s: int) -> None:
    """A new gunicorn that finds the port taken, by a worker that outlived its master, is not given up too soon."""
    _, line = program_setting(project, "startsecs")
    parsed = supervisor.config_of("web")
    start_s, count = int(parsed.get("startsecs", START_S)), int(parsed.get("startretries", START_RETRIES))
    # Ends before startsecs count as failed starts, with pauses of 1, 2, 3 ... s between them.
    tries_s = (count + 1) * BIND_TRIES_S + count * (count + 1) // 2
    if start_s > BIND_TRIES_S and tries_s < longest_s:
        fail(
            "not-revived",
            wanted="supervisord starts gunicorn again, also when its master is killed while an export runs",
            saw=f"startsecs={start_s}: the export's worker keeps the port, a new gunicorn ends within "
            f"{BIND_TRIES_S} s, a failed start, and after {count + 1} of these the state is FATAL",
            where=line,
        )
