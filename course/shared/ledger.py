"""What a run has started, written down before it is used: processes and temporary folders.

A run that ends well sweeps up itself. One that was killed outright leaves its ledger behind, and the next
`learn` command sweeps by it. Shared by the grading child (writes) and `learn` (sweeps).
"""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course.shared.leftovers import end_all

if TYPE_CHECKING:
    import psutil

LEDGER = "ledger.jsonl"  # in the folder of a run, or of a stack that stands
MOST_CHARACTERS = 1_000_000  # ten thousand processes; what is longer is none of ours


@dataclass(frozen=True, slots=True)
class Ledger:
    """An append-only file of JSON lines: {"pid", "created"} or {"folder"}."""

    path: Path

    def add_process(self, pid: int) -> None:
        """Note a process that leads its own session, with its birth time, so that a reused pid is spared."""
        import psutil

        with suppress(psutil.NoSuchProcess):
            self._append({"pid": pid, "created": psutil.Process(pid).create_time()})

    def add_folder(self, folder: Path) -> None:
        """Note a temporary folder."""
        self._append({"folder": str(folder)})

    @property
    def sessions(self) -> frozenset[int]:
        """The processes that were noted: each led a session."""
        return frozenset(entry["pid"] for entry in self._entries() if "pid" in entry)

    def sweep(self) -> int:
        """Kill what still runs, remove what still lies there, remove the ledger. Returns how many were left."""
        left = sum(_sweep_entry(entry) for entry in self._entries())
        with suppress(OSError):
            self.path.unlink(missing_ok=True)
        return left

    def _append(self, entry: dict[str, Any]) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")

    def _entries(self) -> list[dict[str, Any]]:
        with suppress(OSError):
            with self.path.open(encoding="utf-8", errors="replace") as file:
                lines = file.read(MOST_CHARACTERS).splitlines()
            # Last in, first out. A half-written last line (killed while writing) is passed over.
            return [entry for line in reversed(lines) if (entry := _parsed(line))]
        return []


def _parsed(line: str) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    is_one = isinstance(entry, dict) and (isinstance(entry.get("folder"), str) or _is_process(entry))
    return entry if is_one else None


def _is_process(entry: dict[str, Any]) -> bool:
    return isinstance(entry.get("pid"), int) and isinstance(entry.get("created"), float)


def _sweep_entry(entry: dict[str, Any]) -> bool:
    if "folder" in entry:
        folder = Path(entry["folder"])
        existed = folder.is_dir()
        end_all(lambda: _living_in(folder))
        shutil.rmtree(folder, ignore_errors=True)
        return existed
    return _end_session(entry["pid"], entry["created"])


def _end_session(pid: int, created: float) -> bool:
    import psutil

    family: list[psutil.Process] = []
    with suppress(psutil.NoSuchProcess):
        leader = psutil.Process(pid)
        if abs(leader.create_time() - created) > 1.0:
            return False  # the number was given to another process since: nobody of the old session lives
        family = [leader, *leader.children(recursive=True)]
    return bool(end_all(lambda: [*family, *session_members(pid)]))


def session_members(pid: int) -> list[psutil.Process]:
    """Who lives in the session that process `pid` leads or led: children too whose parents died before them."""
    import psutil

    members = []
    for other in psutil.pids():
        if session_of(other) == pid:
            with suppress(psutil.NoSuchProcess):
                members.append(psutil.Process(other))
    return members


def session_of(pid: int) -> int | None:
    """The process that leads, or led, the session in which this one lives; None when it is gone."""
    with suppress(ProcessLookupError, PermissionError):
        return os.getsid(pid)
    return None


def _living_in(folder: Path) -> list[psutil.Process]:
    """Who was started with this temporary folder as its own: it finds even those that left their session."""
    import psutil

    members = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.environ().get("TMPDIR") == str(folder):
                members.append(process)
    return members
