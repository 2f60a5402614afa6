"""The tour: right only when both verdicts are, and nothing of it stays."""

from __future__ import annotations

import tempfile
from pathlib import Path

from course.content.places import Places
from tests.terminal import learn
from tests.transcripts import hold, normalised


def test_the_tour_fails_mends_and_passes(tmp_path: Path) -> None:
    shown = learn(tmp_path, "tour")
    assert (shown.status, shown.error) == (0, "")
    hold("tour", normalised(shown.out))
    assert list(tmp_path.iterdir()) == []


def test_its_throw_away_folder_is_gone_afterwards(tmp_path: Path) -> None:
    shown = learn(tmp_path, "tour", TMPDIR=str(tmp_path))
    assert shown.status == 0
    assert list(tmp_path.iterdir()) == []
    assert tempfile.gettempdir() != str(tmp_path)


def test_a_reference_that_does_not_pass_is_our_bug(own_places: Places, tmp_path: Path) -> None:
    (own_places.reference("stage_1/greeting") / "greeting.txt").write_text("Hello, moon.\n")
    shown = learn(tmp_path, "tour", rooms=own_places.rooms)
    assert shown.status == 70
    assert "the reference of stage_1/greeting should have passed" in shown.error.replace("\n         ", " ")


def test_a_scaffold_that_meets_another_finding_is_our_bug(own_places: Places, tmp_path: Path) -> None:
    (own_places.scaffold("stage_1/greeting") / "greeting.txt.jinja").write_text("Hello, moon.\n")
    shown = learn(tmp_path, "tour", rooms=own_places.rooms)
    assert shown.status == 70
    assert "greeting-untouched, and came to" in shown.error.replace("\n         ", " ")


def test_a_course_without_a_tour_is_our_bug(own_places: Places, tmp_path: Path) -> None:
    file = own_places.course_file
    file.write_text("".join(line for line in file.read_text().splitlines(keepends=True) if "tour" not in line))
    shown = learn(tmp_path, "tour", rooms=own_places.rooms)
    assert shown.status == 70
    assert "key 'tour' is missing" in shown.error.replace("\n         ", " ")
