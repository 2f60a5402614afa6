"""The learner's folder in bad times: two at once, killed half-way, read-only, full. No file is ever lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from course.content import scaffold
from course.content.places import Places
from course.errors import UsageError
from course.learner import locking, progress, roadmap, workspace
from course.learner.progress import Progress
from course.learner.workspace import Workspace
from course.model import Course, Exercise, ExitStatus
from tests.disk import has_small_disks, is_killed_at, read_only, run_on_a_small_disk

PATH = "stage_1/greeting"
HOLDS_THE_LOCK = """
import sys
from pathlib import Path
from course.learner.locking import lock
from course.learner.workspace import Workspace
with lock(Workspace(Path(sys.argv[1]))):
    print("held", flush=True)
    sys.stdin.read()
"""
FILLS_THE_DISK = """
import sys
from pathlib import Path
from course.content import catalogue
from course.learner import locking, progress, roadmap, workspace
from course.errors import MachineLacks
from course.content.places import Places

places = Places(Path("tests/toy_course").resolve())
course = catalogue.read(places)
greeting = catalogue.find(course, "greeting")
ws = workspace.create(Path(sys.argv[1]) / "ws", course)
workspace.add(ws, places, greeting)
(ws.exercise(greeting.path) / "greeting.txt").write_text("mine")
before = ws.progress_file.read_bytes(), ws.roadmap_file.read_bytes()
with (ws.root / "a large file").open("wb", buffering=0) as large:
    try:
        while True:
            large.write(b"x" * 4096)
    except OSError:
        pass
many = progress.Progress({f"stage_1/{n}": progress.ExerciseProgress() for n in range(500)})
for what in (
    lambda: progress.save(ws.progress_file, many),
    lambda: workspace.reset(ws, places, greeting),
    lambda: workspace.new_run(ws, greeting.path).joinpath("x").write_bytes(b""),
    lambda: workspace.create(ws.root.with_name("another"), course),
):
    try:
        with locking.lock(ws):
            what()
        print("done")
    except MachineLacks as error:
        print(error.wrong)
assert (ws.progress_file.read_bytes(), ws.roadmap_file.read_bytes()) == before
assert (ws.exercise(greeting.path) / "greeting.txt").read_text() == "mine"
"""


@pytest.fixture
def read_only_workspace(toy_course: Course, toy_places: Places, greeting: Exercise) -> Iterator[Workspace]:
    """A workspace in which the greeting was begun, and in which nothing may be written any more."""
    # Not pytest's folder: that one is closed to everybody but its owner, also for reading.
    with tempfile.TemporaryDirectory(prefix="learn-test-") as folder:
        Path(folder).chmod(0o755)
        ws = workspace.create(Path(folder) / "nur lesen", toy_course)
        workspace.add(ws, toy_places, greeting)
        with read_only(Path(folder)):
            yield ws


def work_of(ws: Workspace) -> set[str]:
    """What the learner wrote, wherever in the workspace it lies now: as it was, whole."""
    places = [ws.exercise(PATH), *ws.backups.glob("stage_1/*")]
    return {
        (place / name).read_text()
        for place in places
        for name in ("greeting.txt", "notes/mine")
        if (place / name).is_file()
    }


def workspace_with_work(ws: Workspace, places: Places, exercise: Exercise) -> Workspace:
    """The workspace with an exercise begun in it, and work of the learner's in two files of that."""
    workspace.add(ws, places, exercise)
    (ws.exercise(PATH) / "greeting.txt").write_text("mine")
    (ws.exercise(PATH) / "notes" / "mine").write_text("mine too")
    return ws


def test_a_second_learn_is_told_who_holds_the_workspace(ws: Workspace) -> None:
    with locking.lock(ws), pytest.raises(UsageError) as told, locking.lock(ws):
        pass
    assert told.value.wrong == f"another `learn` (process {os.getpid()}) is at work in {ws.root}."
    assert told.value.remedy == f"Wait until it has ended, or end it: kill {os.getpid()}."
    assert told.value.status is ExitStatus.USAGE


def test_the_lock_is_free_again_afterwards_and_after_an_error(ws: Workspace) -> None:
    with pytest.raises(UsageError, match="mine"), locking.lock(ws):
        raise UsageError("mine")
    with locking.lock(ws):
        assert ws.lock_file.read_text() == f"{os.getpid()}\n"
    assert ws.lock_file.read_text() == ""


def test_a_holder_that_was_killed_lets_go(ws: Workspace) -> None:
    command = [sys.executable, "-c", HOLDS_THE_LOCK, str(ws.root)]
    root = Path(__file__).parents[1]
    with subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(UsageError, match=rf"process {holder.pid}"), locking.lock(ws):
            pass
        holder.kill()
        holder.wait()
    with locking.lock(ws):
        pass


def test_a_sweep_ends_what_a_killed_run_left(ws: Workspace, tmp_path: Path) -> None:
    (tmp_path / "left").mkdir()
    run = workspace.new_run(ws, PATH)
    (run / "ledger.jsonl").write_text(json.dumps({"folder": str(tmp_path / "left")}) + "\n")
    assert locking.sweep(ws) == 1
    assert not (tmp_path / "left").exists()
    assert locking.sweep(ws) == 0


def test_a_sweep_leaves_a_run_alone_that_is_under_way(ws: Workspace, tmp_path: Path) -> None:
    (tmp_path / "in use").mkdir()
    run = workspace.new_run(ws, PATH)
    (run / "ledger.jsonl").write_text(json.dumps({"folder": str(tmp_path / "in use")}) + "\n")
    with locking.lock(ws):
        assert locking.sweep(ws) == 0
    assert (tmp_path / "in use").is_dir()


def test_a_reset_killed_at_any_moment_loses_nothing(
    new_workspace: Callable[[str], Workspace], toy_places: Places, greeting: Exercise
) -> None:
    wanted = scaffold.listed(workspace_with_work(new_workspace("model"), toy_places, greeting).base(PATH))
    step = 1
    while True:
        ws = workspace_with_work(new_workspace(str(step)), toy_places, greeting)
        if not is_killed_at(step, lambda ws=ws: workspace.reset(ws, toy_places, greeting), ws.root):  # type: ignore[misc]
            break
        assert work_of(ws) >= {"mine", "mine too"}
        locking.sweep(ws)
        assert list(ws.making.glob("*")) == []
        # What the learner types next brings the exercise back, if it is not there; then a reset goes through.
        workspace.add(ws, toy_places, greeting)
        workspace.reset(ws, toy_places, greeting)
        assert scaffold.listed(ws.exercise(PATH)) == scaffold.listed(ws.base(PATH)) == wanted
        assert work_of(ws) >= {"mine", "mine too"}
        step += 1
    assert step > 10


def test_a_reset_that_is_interrupted_at_any_moment_leaves_all_as_it_was(
    begun: Workspace, toy_places: Places, greeting: Exercise, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = begun.exercise(PATH)
    (project / "greeting.txt").write_text("mine")
    before, inode, rename = workspace.work_hash(begun, PATH), project.stat().st_ino, Path.rename
    step = 1
    while True:
        left = iter(range(step - 1, -1, -1))

        def interrupted(path: Path, target: Path, left: Iterator[int] = left) -> Path:
            if next(left, 1) == 0:
                raise KeyboardInterrupt
            return rename(path, target)

        monkeypatch.setattr(Path, "rename", interrupted)
        try:
            workspace.reset(begun, toy_places, greeting)
        except KeyboardInterrupt:
            assert workspace.work_hash(begun, PATH) == before
            assert (project.stat().st_ino, list(begun.backups.glob("*/*"))) == (inode, [])
            assert begun.base(PATH).is_dir()
        else:
            break
        step += 1
    assert step > 8
    assert project.stat().st_ino == inode


def test_a_beginning_killed_at_any_moment_can_be_begun_again(
    new_workspace: Callable[[str], Workspace], toy_places: Places, greeting: Exercise
) -> None:
    step = 1
    while True:
        ws = new_workspace(str(step))
        if not is_killed_at(step, lambda ws=ws: workspace.add(ws, toy_places, greeting), ws.root):  # type: ignore[misc]
            break
        names = workspace.add(ws, toy_places, greeting)
        assert scaffold.listed(ws.exercise(PATH)) == scaffold.listed(ws.base(PATH)) == names
        step += 1
    assert step > 10


def test_a_workspace_whose_making_was_killed_at_any_moment_can_be_used(tmp_path: Path, toy_course: Course) -> None:
    step = 1
    while True:
        folder = tmp_path / str(step)
        folder.mkdir()
        if not is_killed_at(step, lambda folder=folder: workspace.create(folder, toy_course), folder):  # type: ignore[misc]
            break
        try:
            ws = workspace.find(folder)
        except UsageError:
            ws = workspace.create(folder, toy_course)
        roadmap.update(ws.roadmap_file, toy_course, progress.load(ws.progress_file).progress)
        locking.sweep(ws)
        assert {path.name for path in ws.root.iterdir()} <= {".learn", "ROADMAP.md"}
        step += 1
    assert step > 4


@pytest.mark.parametrize(
    "change",
    [
        lambda ws, _: progress.save(ws.progress_file, Progress()),
        lambda ws, course: roadmap.update(
            ws.roadmap_file, course, Progress({PATH: progress.ExerciseProgress(passed_at="now", passed_hash="h")})
        ),
        lambda ws, _: workspace.new_run(ws, PATH),
        lambda ws, _: workspace.reset(ws, Places(), Exercise("stage_1", "greeting", "")),
        lambda ws, _: workspace.add(ws, Places(), Exercise("stage_1", "another", "")),
        lambda ws, course: workspace.create(ws.root.parent / "another", course),
        lambda ws, _: locking.lock(ws).__enter__(),
    ],
    ids=["save", "tick", "new run", "reset", "add", "create", "lock"],
)
def test_a_read_only_workspace_is_one_sentence_with_path_and_remedy(
    read_only_workspace: Workspace, toy_course: Course, change: Callable[[Workspace, Course], object]
) -> None:
    with pytest.raises(UsageError) as told:
        change(read_only_workspace, toy_course)
    assert str(read_only_workspace.root.parent) in told.value.wrong
    assert "cannot be written: permission denied." in told.value.wrong
    assert told.value.remedy.startswith("Make its folder writable")


def test_a_read_only_workspace_can_be_read(read_only_workspace: Workspace) -> None:
    assert workspace.find(read_only_workspace.exercise(PATH)) == read_only_workspace
    assert locking.sweep(read_only_workspace) == 0
    assert progress.load(read_only_workspace.progress_file).note == ""
    assert workspace.work_hash(read_only_workspace, PATH)


def test_a_sweep_in_a_read_only_workspace_is_left_for_later(toy_course: Course) -> None:
    with tempfile.TemporaryDirectory(prefix="learn-test-") as folder:
        Path(folder).chmod(0o755)
        ws = workspace.create(Path(folder) / "ws", toy_course)
        (workspace.new_run(ws, PATH) / "ledger.jsonl").write_text("")
        with read_only(ws.root):
            assert locking.sweep(ws) == 0
        assert locking.sweep(ws) == 0
        assert not list(ws.runs(PATH).glob("*/ledger.jsonl"))


@pytest.mark.skipif(not has_small_disks(), reason="this system lets us mount no disk of our own")
def test_a_full_disk_is_one_sentence_and_costs_no_file(tmp_path: Path) -> None:
    told = run_on_a_small_disk(FILLS_THE_DISK, tmp_path, "256k").splitlines()
    assert len(told) == 4
    assert all("no space left on device" in line and str(tmp_path) in line for line in told if line != "done")
    assert told.count("done") <= 1  # an empty folder may still find room
    assert "progress.json" in told[0]
