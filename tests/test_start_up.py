"""What the quick commands import. Milliseconds are the benchmark's business; imports are the same on every machine."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.terminal import environment, learn

SLOW = {"pytest", "django", "jinja2", "asyncio", "httpx", "psutil", "rich", "pydantic", "yaml", "watchfiles"}


def imported_by(folder: Path, *arguments: str) -> set[str]:
    """The top-level modules that a command imports."""
    done = subprocess.run(
        [sys.executable, "-P", "-X", "importtime", "-m", "course", *arguments],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    return set(re.findall(r"^import time:[ \d]+\|[ \d]+\| +(\w+)", done.stderr, re.MULTILINE))


@pytest.mark.parametrize("command", [[], ["progress"], ["progress", "--json"], ["next", "--help"], ["--version"]])
def test_a_quick_command_imports_nothing_slow(tmp_path: Path, command: list[str]) -> None:
    learn(tmp_path, "next")
    imported = imported_by(tmp_path / "wsgi-asgi", *command)
    assert "typer" in imported
    assert imported & SLOW == set()
