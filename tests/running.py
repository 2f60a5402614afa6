"""A run of our own, as the grading child makes one: for tests that start servers without a check file."""

from __future__ import annotations

import ctypes
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from checker.harness.history import History
from checker.harness.processes import Process, clean_environment
from checker.harness.run import Run
from checker.harness.waiting import wait_until
from course.shared.ledger import Ledger
from course.shared.prctl import PR_SET_CHILD_SUBREAPER, adopt_orphans
from tests.grading import lay

BURIED_WITHIN_S = 10.0
# A program of its own, so that these tests hang on no shell's behaviour.
SLEEPER = "import signal; print('asleep', flush=True); signal.pause()"


@contextmanager
def running(folder: Path, project: Mapping[str, str] | None = None) -> Iterator[Run]:
    """A run on these project files. Its temporary folder is gone afterwards, its servers must be."""
    (folder / "run").mkdir()
    temporary = Path(tempfile.mkdtemp(prefix="learn-"))
    ledger = Ledger(folder / "run" / "ledger.jsonl")
    ledger.add_folder(temporary)
    (folder / "project").mkdir()
    lay(folder / "project", project or {})
    try:
        with History(folder / "run" / "history.jsonl", temporary / "probe") as history:
            yield Run(folder / "project", folder / "run", temporary, history, ledger)
    finally:
        shutil.rmtree(temporary)


@contextmanager
def adopting() -> Iterator[None]:
    """Meanwhile orphans become children of ours, as they do in the grading child."""
    adopt_orphans()
    yield
    adopt_no_more()


def adopt_no_more() -> None:
    """Orphans go to whom they went before `adopt_orphans`."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


@contextmanager
def leaving_nothing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Afterwards no process lives that was started meanwhile, and the temporary folder of the time is empty.

    Soon afterwards: who was killed last may not be buried yet.
    """
    tmp_path_factory.getbasetemp()  # pytest's own is made before ours takes its place
    before = psutil.Process().children(recursive=True)
    folder = Path(tempfile.mkdtemp(prefix="ls-"))
    folder.chmod(0o711)  # as the machine's own lets others through to what is theirs
    usual, tempfile.tempdir = tempfile.tempdir, str(folder)

    def left() -> list[object]:
        children = psutil.Process().children(recursive=True)
        return [*(entry.name for entry in folder.iterdir()), *(child for child in children if child not in before)]

    try:
        with adopting():
            yield
    finally:
        tempfile.tempdir = usual
        wait_until(lambda: not left(), BURIED_WITHIN_S)
        found = left()
        shutil.rmtree(folder)
    assert found == []


def start(run: Run, *command: str, name: str = "program") -> Process:
    """Start a program in the run."""
    return Process(
        run,
        name,
        command,
        environment=clean_environment(run.temporary, {}),
        folder=run.project,
    )


def is_alive(pid: int) -> bool:
    """Whether the process runs; a dead one that its parent has not yet buried does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
