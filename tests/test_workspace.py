"""The learner's folder: found, made, filled and put back."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from course.content import scaffold
from course.content.places import Places
from course.errors import UsageError
from course.learner import progress, roadmap, workspace
from course.learner.progress import Progress
from course.learner.workspace import Workspace
from course.model import Course, Exercise, ExitStatus

PATH = "stage_1/greeting"


def test_a_workspace_is_made_with_roadmap_and_progress(ws: Workspace, toy_course: Course) -> None:
    assert ws.roadmap_file.read_text(encoding="utf-8") == roadmap.render(toy_course, Progress())
    assert progress.load(ws.progress_file) == progress.LoadedProgress(Progress())
    assert sorted(path.name for path in ws.root.iterdir()) == [".learn", "ROADMAP.md"]


def test_it_is_found_from_any_folder_inside(begun: Workspace) -> None:
    for inside in (begun.root, begun.exercise(PATH) / "notes", begun.learn):
        assert workspace.find(inside) == begun


def test_it_is_found_when_the_progress_file_is_gone(ws: Workspace) -> None:
    ws.progress_file.unlink()
    assert workspace.find(ws.root) == ws


def test_outside_of_any_a_sentence_says_how_to_make_one(tmp_path: Path) -> None:
    (tmp_path / ".learn").mkdir()  # another program's
    with pytest.raises(UsageError) as told:
        workspace.find(tmp_path)
    assert told.value.wrong == "this folder is no workspace, and none lies above it."
    assert told.value.remedy == "`learn init` makes one here; `learn init FOLDER` elsewhere."
    assert told.value.status is ExitStatus.USAGE


def test_a_workspace_is_not_made_twice(ws: Workspace, toy_course: Course) -> None:
    with pytest.raises(UsageError, match="is a workspace already"):
        workspace.create(ws.root, toy_course)


def test_a_workspace_is_not_made_inside_another(ws: Workspace, toy_course: Course) -> None:
    with pytest.raises(UsageError, match="lies in the workspace"):
        workspace.create(ws.root / "again", toy_course)
    assert not (ws.root / "again").exists()


def test_a_workspace_is_not_made_of_a_file(tmp_path: Path, toy_course: Course) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UsageError, match="file cannot be written: not a directory"):
        workspace.create(tmp_path / "file", toy_course)


def test_what_lies_in_a_new_workspaces_folder_stays(tmp_path: Path, toy_course: Course) -> None:
    (tmp_path / "ROADMAP.md").write_text("mine\n")
    workspace.create(tmp_path, toy_course)
    assert (tmp_path / "ROADMAP.md").read_text() == "mine\n"


def test_an_exercise_is_issued_and_its_scaffold_kept(ws: Workspace, toy_places: Places, greeting: Exercise) -> None:
    names = workspace.add(ws, toy_places, greeting)
    assert [name.as_posix() for name in names] == ["README.md", "draft.txt", "greeting.txt", "notes/rules.txt"]
    assert scaffold.listed(ws.exercise(PATH)) == scaffold.listed(ws.base(PATH)) == names
    assert list(ws.making.iterdir()) == []


def test_an_exercise_that_was_issued_is_never_overwritten(
    begun: Workspace, toy_places: Places, greeting: Exercise
) -> None:
    (begun.exercise(PATH) / "greeting.txt").write_text("mine")
    names = workspace.add(begun, toy_places, greeting)
    assert Path("greeting.txt") in names
    assert (begun.exercise(PATH) / "greeting.txt").read_text() == "mine"


@pytest.mark.parametrize("kind", ["folder", "file", "link", "dead link"])
def test_what_is_not_ours_is_left_alone_and_said(
    ws: Workspace, toy_places: Places, greeting: Exercise, tmp_path: Path, kind: str
) -> None:
    project = ws.exercise(PATH)
    project.parent.mkdir()
    if kind == "folder":
        project.mkdir()
        (project / "mine.txt").write_text("mine")
    elif kind == "file":
        project.write_text("mine")
    else:
        (tmp_path / "elsewhere").mkdir()
        project.symlink_to(tmp_path / "elsewhere" / ("" if kind == "link" else "gone"))
    before = sorted(ws.root.glob("stage_1/**/*"))
    with pytest.raises(UsageError, match="greeting exists, and was not made by `learn`") as told:
        workspace.add(ws, toy_places, greeting)
    assert told.value.remedy == "Rename it or move it away; nothing in it was changed."
    assert sorted(ws.root.glob("stage_1/**/*")) == before
    assert not ws.base(PATH).exists()


def test_an_empty_folder_in_its_place_is_taken(ws: Workspace, toy_places: Places, greeting: Exercise) -> None:
    ws.exercise(PATH).mkdir(parents=True)
    workspace.add(ws, toy_places, greeting)
    assert (ws.exercise(PATH) / "greeting.txt").is_file()


def test_an_exercise_that_the_learner_removed_is_issued_again(
    begun: Workspace, toy_places: Places, greeting: Exercise
) -> None:
    (begun.base(PATH) / "of an older scaffold").write_text("")
    shutil.rmtree(begun.exercise(PATH))
    workspace.add(begun, toy_places, greeting)
    assert scaffold.listed(begun.exercise(PATH)) == scaffold.listed(begun.base(PATH))


def test_a_reset_puts_the_scaffold_back_and_keeps_the_work(
    begun: Workspace, toy_places: Places, greeting: Exercise
) -> None:
    (begun.exercise(PATH) / "greeting.txt").write_text("mine")
    (begun.exercise(PATH) / "notes" / "mine.txt").write_text("mine too")
    (begun.exercise(PATH) / "draft.txt").unlink()
    inode = begun.exercise(PATH).stat().st_ino
    backup = workspace.reset(begun, toy_places, greeting)
    assert backup.parent == begun.backups / "stage_1"
    assert backup.name.startswith("greeting-")
    assert (backup / "greeting.txt").read_text() == "mine"
    assert (backup / "notes" / "mine.txt").read_text() == "mine too"
    assert scaffold.listed(begun.exercise(PATH)) == scaffold.listed(begun.base(PATH))
    assert (begun.exercise(PATH) / "greeting.txt").read_text() != "mine"
    # The very folder: a shell that stands in it stays where the exercise is.
    assert begun.exercise(PATH).stat().st_ino == inode


def test_two_resets_make_two_backups(begun: Workspace, toy_places: Places, greeting: Exercise) -> None:
    assert len({workspace.reset(begun, toy_places, greeting) for _ in range(3)}) == 3


def test_a_reset_of_an_exercise_that_is_a_link_keeps_what_it_points_to(
    begun: Workspace, toy_places: Places, greeting: Exercise, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    begun.exercise(PATH).rename(elsewhere)
    begun.exercise(PATH).symlink_to(elsewhere)
    backup = workspace.reset(begun, toy_places, greeting)
    assert backup.is_symlink()
    assert (elsewhere / "greeting.txt").is_file()
    assert not begun.exercise(PATH).is_symlink()


def test_there_is_nothing_to_reset_before_it_was_begun(ws: Workspace, toy_places: Places, greeting: Exercise) -> None:
    with pytest.raises(UsageError, match="stage_1/greeting is not in this workspace") as told:
        workspace.reset(ws, toy_places, greeting)
    assert told.value.remedy == "`learn next greeting` makes it."


def test_an_edit_changes_the_hash_and_its_undoing_restores_it(begun: Workspace) -> None:
    file = begun.exercise(PATH) / "greeting.txt"
    before, text = workspace.work_hash(begun, PATH), file.read_text()
    file.write_text("mine")
    assert workspace.work_hash(begun, PATH) != before
    file.write_text(text)
    assert workspace.work_hash(begun, PATH) == before


@pytest.mark.parametrize(
    "name",
    ["db.sqlite3", "db.sqlite3-wal", "app.pyc", "__pycache__/app.txt", ".git/config", "greeting.txt~", "README.md"],
)
def test_what_is_no_work_does_not_change_the_hash(begun: Workspace, name: str) -> None:
    before = workspace.work_hash(begun, PATH)
    file = begun.exercise(PATH) / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("something else")
    assert workspace.work_hash(begun, PATH) == before


def test_an_exercise_that_is_not_there_has_no_hash(ws: Workspace) -> None:
    assert workspace.work_hash(ws, PATH) == ""


def test_runs_are_numbered_and_the_last_ten_are_kept(ws: Workspace) -> None:
    assert workspace.kept_runs(ws, PATH) == []
    made = [workspace.new_run(ws, PATH) for _ in range(13)]
    assert made[-1] == ws.runs(PATH) / "0013"
    assert workspace.kept_runs(ws, PATH)[-1] == made[-1]
    assert sorted(ws.runs(PATH).iterdir()) == made[3:]


def test_a_run_that_was_not_swept_is_kept_until_it_is(ws: Workspace) -> None:
    first = workspace.new_run(ws, PATH)
    (first / "ledger.jsonl").write_text("")
    for _ in range(11):
        workspace.new_run(ws, PATH)
    assert first.is_dir()


def test_numbers_go_on_after_9999(ws: Workspace) -> None:
    (ws.runs(PATH) / "9999").mkdir(parents=True)
    assert [workspace.new_run(ws, PATH).name for _ in range(2)] == ["10000", "10001"]
