"""What gunicorn makes of a profile, by its own `--print-config`, and the line that sets it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from checker.harness.gunicorn.workers import Configuration, read_configuration
from checker.harness.lines import line_matching
from course.model import SourceLine

# gunicorn's own workers whose main thread does not serve, or yields while it does, by what `--print-config` calls them.
BEATS_WHILE_BUSY = re.compile(
    r"gthread|gevent\w*|tornado|asgi|uvicorn.*|gunicorn\.workers\.(?!sync\.).*|<ThreadWorker\(\)>"
)


@dataclass(frozen=True, slots=True)
class Settings:
    """What gunicorn itself makes of a profile: the numbers of `--print-config`."""

    slots: Configuration
    timeout_s: int
    graceful_timeout_s: int
    # A threaded worker's main thread goes on beating, whatever its requests are stuck in.
    beats_while_busy: bool
    # All of them, as gunicorn writes them.
    printed: Mapping[str, str]


def file_of(name: str) -> str:
    """The profile's file in the project."""
    return f"deploy/profiles/{name}.py"


def is_sync(told: Mapping[str, str]) -> bool:
    """Whether gunicorn takes the worker class for its sync one, which `threads` turns into the threaded one."""
    # gunicorn/config.py, worker_class_str
    return told["worker_class"] == "sync" or told["worker_class"].endswith("SyncWorker")


def printed_settings(printed: str) -> dict[str, str]:
    """What `gunicorn --print-config` has written, by name."""
    return dict(re.findall(r"^(\w+) += (.*)$", printed, re.MULTILINE))


def line_that_sets(project: Path, file: str, names: Sequence[str], heading: str = "") -> SourceLine:
    """The line of `file` that sets the first of these names that is set; else that of the heading; else line 1."""
    patterns = [*(rf"\s*{re.escape(name)}\s*[=:]" for name in names), *([re.escape(heading)] if heading else [])]
    return line_matching(project, file, patterns) or SourceLine(file, 1)


def read_settings(printed: str) -> Settings | None:
    """The settings of a printed configuration; None when gunicorn could not read the learner's file."""
    slots = read_configuration(printed)
    if slots is None:
        return None
    told = printed_settings(printed)
    return Settings(
        slots=slots,
        timeout_s=int(told["timeout"]),
        graceful_timeout_s=int(told["graceful_timeout"]),
        beats_while_busy=_beats_while_busy(told),
        printed=told,
    )


def _beats_while_busy(told: Mapping[str, str]) -> bool:
    """Whether the worker is known to. A class of the learner's own is not: it may be a sync one by another name."""
    if is_sync(told):
        return int(told["threads"]) > 1
    return BEATS_WHILE_BUSY.fullmatch(told["worker_class"]) is not None
