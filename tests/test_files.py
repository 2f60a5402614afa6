"""Writing whole files, moving whole folders, and what is said when the disk refuses."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from course import files
from course.errors import LearnError, MachineLacks, UsageError
from course.model import ExitStatus
from tests.disk import is_killed_at


def everything(_: str) -> bool:
    return False


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_one_sentence_with_path_and_remedy(tmp_path: Path) -> None:
    path = tmp_path / "progress.json"
    with pytest.raises(MachineLacks) as told, files.writing(path):
        Path("/dev/full").write_text("no room for this")
    assert told.value.wrong == f"{path}: no space left on device."
    assert "Free some space" in told.value.remedy
    assert told.value.status is ExitStatus.MACHINE_LACKS


def test_any_other_refusal_is_told_too(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("a file where a folder should be")
    with pytest.raises(UsageError, match=r"notes/progress\.json cannot be written: not a directory"):
        files.replace_file(tmp_path / "notes" / "progress.json", b"{}")


def test_an_error_of_ours_passes_through_unchanged(tmp_path: Path) -> None:
    with pytest.raises(LearnError, match="as it was"), files.writing(tmp_path):
        raise LearnError("as it was")


def test_a_file_is_replaced_and_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "ROADMAP.md"
    path.write_text("old")
    path.chmod(0o640)
    files.replace_file(path, b"new")
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_is_written_through(tmp_path: Path) -> None:
    (tmp_path / "vault").mkdir()
    (tmp_path / "vault" / "notes.md").write_text("old")
    link = tmp_path / "ROADMAP.md"
    link.symlink_to("vault/notes.md")
    files.replace_file(link, b"new")
    assert link.is_symlink()
    assert (tmp_path / "vault" / "notes.md").read_text() == "new"


def test_a_link_to_nothing_becomes_a_file(tmp_path: Path) -> None:
    link = tmp_path / "ROADMAP.md"
    link.symlink_to("gone/notes.md")
    files.replace_file(link, b"new")
    assert not link.is_symlink()
    assert link.read_text() == "new"


def test_a_writer_killed_at_any_moment_leaves_the_old_file_or_the_new(tmp_path: Path) -> None:
    path = tmp_path / "progress.json"
    step = 0
    seen = set()
    while True:
        step += 1
        path.write_bytes(b"old")
        is_killed = is_killed_at(step, lambda: files.replace_file(path, b"new"), tmp_path)
        seen.add(path.read_bytes())
        for leftover in files.abandoned(tmp_path):
            files.remove(leftover)
        assert list(tmp_path.iterdir()) == [path]
        if not is_killed:
            break
    assert step > 2
    assert seen == {b"old", b"new"}


def test_a_failed_write_leaves_nothing_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "progress.json").mkdir()
    with pytest.raises(UsageError, match="is a directory"):
        files.replace_file(tmp_path / "progress.json", b"{}")
    assert [path.name for path in tmp_path.iterdir()] == ["progress.json"]


def test_what_is_built_is_gone_afterwards(tmp_path: Path) -> None:
    with files.building(tmp_path / "making", "greeting") as place:
        (place / "half").write_text("done")
    assert list((tmp_path / "making").iterdir()) == []


def test_what_a_living_process_builds_is_not_abandoned(tmp_path: Path) -> None:
    with files.building(tmp_path, "greeting"):
        assert list(files.abandoned(tmp_path)) == []


def test_what_a_dead_process_was_building_is_abandoned(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as dead:
        dead.wait()
    left = tmp_path / f"greeting.{dead.pid}.new"
    left.mkdir()
    assert list(files.abandoned(tmp_path)) == [left]


def test_a_file_that_only_looks_like_one_is_not_abandoned(tmp_path: Path) -> None:
    (tmp_path / "notes.new").write_text("mine")
    assert list(files.abandoned(tmp_path)) == []


def test_the_fingerprint_changes_with_content_and_with_names(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("one")
    first = files.fingerprint(tmp_path, everything)
    (tmp_path / "app.py").write_text("two")
    second = files.fingerprint(tmp_path, everything)
    (tmp_path / "app.py").rename(tmp_path / "api.py")
    assert len({first, second, files.fingerprint(tmp_path, everything)}) == 3


def test_the_fingerprint_leaves_out_what_is_ignored(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("one")
    before = files.fingerprint(tmp_path, "__pycache__".__eq__)
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "app.pyc").write_text("compiled")
    assert files.fingerprint(tmp_path, "__pycache__".__eq__) == before


def test_the_fingerprint_follows_no_link(tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    outside.mkdir()
    inside.mkdir()
    (inside / "folder").symlink_to(outside)
    (inside / "file").symlink_to(outside / "file")
    before = files.fingerprint(inside, everything)
    (outside / "file").write_text("changed")
    assert files.fingerprint(inside, everything) == before
    (inside / "file").unlink()
    (inside / "file").symlink_to(outside / "other")
    assert files.fingerprint(inside, everything) != before


def test_the_fingerprint_never_waits_for_a_pipe_and_survives_what_it_cannot_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "secret").write_text("mine")
    (tmp_path / "secret").chmod(0)
    (tmp_path / "circle").symlink_to("circle")
    assert len(files.fingerprint(tmp_path, everything)) == 64


def test_a_folder_that_is_not_there_has_no_fingerprint(tmp_path: Path) -> None:
    assert files.fingerprint(tmp_path / "gone", everything) == ""
