"""What the learner's supervisord.conf says, and what supervisord makes of it. Starts nothing."""

from __future__ import annotations

from configparser import Error as ConfigError
from configparser import RawConfigParser
from contextlib import suppress
from pathlib import Path

from checker.harness.findings import fail
from checker.stage_2.gunicorn_deployment.profiles import Profile, expect_gunicorn_grants
from checker.stage_2.gunicorn_deployment.settings import line_that_sets
from course.model import SourceLine

SUPERVISOR_FILE = "deploy/supervisord.conf"
PROGRAM = "program:web"
# What supervisord waits for when the file does not say.
STOP_WAIT_S = 10.0
# gunicorn tries five times, a second apart, for a port that is taken (gunicorn/sock.py), and needs a moment to start.
BIND_TRIES_S = 6
START_RETRIES = 3


def program_setting(project: Path, name: str) -> tuple[str, SourceLine]:
    """A setting of [program:web], "" when it is not set, and its line."""
    place = line_that_sets(project, SUPERVISOR_FILE, [name], rf"[{PROGRAM}]")
    parser = RawConfigParser(inline_comment_prefixes=(";", "#"), strict=False)
    with suppress(ConfigError, OSError):
        parser.read(project / SUPERVISOR_FILE, encoding="utf-8")
    return parser.get(PROGRAM, name, fallback=""), place


def expect_supervisor_grace(project: Path, exports: Profile, longest_s: int) -> None:
    """Neither gunicorn nor supervisord kills an export before its time is over."""
    expect_gunicorn_grants(exports, longest_s, "an export that is under way at a stop has two minutes to finish")
    text, line = program_setting(project, "stopwaitsecs")
    wait_s = float(text) if text.isdecimal() else STOP_WAIT_S
    if wait_s <= exports.settings.graceful_timeout_s:
        fail(
            "too-little-grace",
            wanted="supervisord waits longer for gunicorn than gunicorn does for its workers",
            saw=f"stopwaitsecs is {wait_s:.0f} s, graceful_timeout {exports.settings.graceful_timeout_s} s: "
            "supervisord kills the master first",
            where=line,
        )


def expect_patient_supervisor(project: Path, exports: Profile, longest_s: int) -> None:
    """A new gunicorn that finds the port taken, by a worker that outlived its master, is not given up too soon."""
    text, line = program_setting(project, "startsecs")
    retries, _ = program_setting(project, "startretries")
    count = int(retries) if retries.isdecimal() else START_RETRIES
    # Ends before startsecs count as failed starts, with pauses of 1, 2, 3 ... s between them.
    tries_s = (count + 1) * BIND_TRIES_S + count * (count + 1) // 2
    if exports.settings.printed.get("reuse_port") == "True":
        return  # the port is never taken
    if text.isdecimal() and int(text) > BIND_TRIES_S and tries_s < longest_s:
        fail(
            "not-revived",
            wanted="supervisord starts gunicorn again, also when its master is killed while an export runs",
            saw=f"startsecs={text}: the export's worker keeps the port, a new gunicorn ends within {BIND_TRIES_S} s, "
            f"a failed start, and after {count + 1} of these the state is FATAL",
            where=line,
        )
