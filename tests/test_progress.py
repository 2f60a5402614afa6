"""The progress file: read, written, counted, and kept safe from itself."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from course.errors import UsageError
from course.learner import progress
from course.learner.progress import BoxState, ExerciseProgress, Progress
from course.model import CheckResult, Exercise, ExitStatus, Finding, Outcome, Verdict
from tests.disk import is_killed_at

PATH = "stage_2/hello"
HELLO = Exercise("stage_2", "hello", "Hello over HTTP", written=True)
NOW = datetime(2026, 1, 31, 12, 0, 0, 5000, tzinfo=UTC)
STAMP = "2026-01-31T12:00:00+00:00"
SEEN = ExerciseProgress(attempts=3, hints_shown={"test_hello: not-hello": 2}, failed_code="not-hello")
SOME = Progress({PATH: SEEN}, PATH)


def result(name: str, outcome: Outcome = Outcome.PASSED) -> CheckResult:
    finding = Finding("not-hello", "hello", "goodbye") if outcome is Outcome.FAILED else None
    return CheckResult(f"test_{name}", f"It is {name}.", outcome, finding=finding)


def verdict(outcome: Outcome, *results: CheckResult) -> Verdict:
    return Verdict(PATH, outcome, results, 1.0, Path("0001"))


PASSED = verdict(Outcome.PASSED, result("one"), result("two"))
FAILED = verdict(Outcome.FAILED, result("one"), result("two", Outcome.FAILED), result("three", Outcome.SKIPPED))


def after(*verdicts: tuple[Verdict, str]) -> ExerciseProgress:
    """What is known after these verdicts on files of these hashes."""
    known = Progress()
    for one, work_hash in verdicts:
        known = progress.after(known, one, work_hash, NOW)
    return known.exercises[PATH]


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    progress.save(tmp_path / "progress.json", SOME)
    assert progress.load(tmp_path / "progress.json") == progress.LoadedProgress(SOME, "")
    assert json.loads((tmp_path / "progress.json").read_text())["schema"] == 2


def test_no_file_is_no_progress(tmp_path: Path) -> None:
    assert progress.load(tmp_path / "progress.json") == progress.LoadedProgress(Progress(), "")


def test_an_exercise_that_this_course_does_not_know_is_kept(tmp_path: Path) -> None:
    known = Progress({"stage_9/later": ExerciseProgress(attempts=1)})
    progress.save(tmp_path / "progress.json", known)
    loaded = progress.load(tmp_path / "progress.json").progress
    assert "stage_9/later" in progress.after(loaded, PASSED, "h", NOW).exercises


def test_a_newer_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "progress.json"
    path.write_text('{"schema": 3, "all": "new"}')
    with pytest.raises(UsageError, match=r"written by a newer learn \(schema 3; this one reads 2\)") as told:
        progress.load(path)
    assert told.value.remedy == "Update this one: pip install --upgrade learn-asgi"
    assert told.value.status is ExitStatus.USAGE
    assert path.read_text() == '{"schema": 3, "all": "new"}'


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "Expecting value"),
        (b"{", "Expecting property name"),
        (b'{"schema": "\xff"}', "codec can't decode"),
        (b"[" * 100_000, ""),
        (b"[]", "the file is no object"),
        (b"{}", "schema is None"),
        (b'{"schema": "1"}', "schema is '1'"),
        (b'{"schema": 0}', "schema is 0"),
        (b'{"schema": 1}', "exercises is no object"),
        (b'{"schema": 1, "exercises": {}, "current": 4}', "current is 4"),
        (b'{"schema": 1, "exercises": {"stage_2/hello": 4}}', "stage_2/hello is no object"),
        (b'{"schema": 1, "exercises": {"stage_2/hello": {"attempts": "3"}}}', "attempts is '3'"),
        (b'{"schema": 1, "exercises": {"stage_2/hello": {"attempts": true}}}', "attempts is True"),
        (b'{"schema": 1, "exercises": {"stage_2/hello": {"passed_at": 3}}}', "passed_at is 3"),
        (b'{"schema": 1, "exercises": {"stage_2/hello": {"hints_shown": {"x": "1"}}}}', "hints_shown is"),
    ],
)
def test_an_unreadable_file_is_kept_aside_and_said(tmp_path: Path, content: bytes, why: str) -> None:
    (tmp_path / "progress.json").write_bytes(content)
    loaded = progress.load(tmp_path / "progress.json")
    assert loaded.progress == Progress()
    assert loaded.note.startswith("progress.json could not be read (")
    assert why in loaded.note
    assert f"kept as {tmp_path.name}/progress.json.unreadable-1" in loaded.note
    assert (tmp_path / "progress.json.unreadable-1").read_bytes() == content
    assert not (tmp_path / "progress.json").exists()


def test_a_second_unreadable_file_does_not_take_the_place_of_the_first(tmp_path: Path) -> None:
    for content in (b"one", b"two"):
        (tmp_path / "progress.json").write_bytes(content)
        progress.load(tmp_path / "progress.json")
    assert [(tmp_path / f"progress.json.unreadable-{n}").read_bytes() for n in (1, 2)] == [b"one", b"two"]


def test_a_file_that_may_not_be_read_is_said_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "progress.json").mkdir()
    with pytest.raises(UsageError, match=r"progress\.json cannot be read: is a directory"):
        progress.load(tmp_path / "progress.json")


def test_a_save_killed_at_any_moment_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "progress.json"
    progress.save(path, SOME)
    step = 1
    while is_killed_at(step, lambda: progress.save(path, Progress()), tmp_path):
        loaded = progress.load(path)
        assert loaded.note == ""
        assert loaded.progress in (SOME, Progress())
        progress.save(path, SOME)
        step += 1
    assert step > 2
    assert progress.load(path).progress == Progress()


def test_a_failed_run_is_counted_with_its_first_failure() -> None:
    known = after((FAILED, "h"))
    assert known == ExerciseProgress(
        attempts=1,
        checked_at=STAMP,
        passed_count=1,
        check_count=3,
        failed_check="test_two",
        failed_sentence="It is two.",
        failed_code="not-hello",
    )


def test_a_passed_run_keeps_the_hash_and_clears_the_failure() -> None:
    known = after((FAILED, "h1"), (PASSED, "h2"))
    assert (known.attempts, known.passed_at, known.passed_hash) == (2, STAMP, "h2")
    assert (known.failed_check, known.failed_sentence, known.failed_code) == (None, None, None)


def test_a_failure_of_edited_files_leaves_the_pass_to_the_files_that_passed() -> None:
    assert after((PASSED, "h1"), (FAILED, "h2")).passed_hash == "h1"


def test_a_failure_of_the_very_files_that_passed_takes_the_tick_and_leaves_its_date() -> None:
    known = after((PASSED, "h"), (FAILED, "h"))
    assert (known.passed_at, known.passed_hash, known.is_ticked) == (STAMP, None, False)


def test_only_the_first_failure_since_passing_is_news() -> None:
    news = progress.first_failure_since_passing
    assert not news(after((FAILED, "h1")), FAILED)
    assert news(after((PASSED, "h1")), FAILED)
    assert not news(after((PASSED, "h1")), PASSED)
    assert not news(after((PASSED, "h1"), (FAILED, "h2")), FAILED)


@pytest.mark.parametrize("outcome", [Outcome.BROKEN, Outcome.INCONCLUSIVE])
def test_a_run_that_judged_nothing_changes_nothing_but_the_current_exercise(outcome: Outcome) -> None:
    known = progress.after(Progress(), verdict(outcome, result("one")), "h", NOW)
    assert known == Progress({PATH: ExerciseProgress()}, current=PATH)


def test_a_run_that_skipped_for_the_machines_sake_ticks_nothing() -> None:
    known = after((verdict(Outcome.SKIPPED, result("one"), result("two", Outcome.SKIPPED)), "h"))
    assert (known.attempts, known.passed_at, known.passed_count, known.check_count) == (1, None, 1, 2)


def test_hints_and_other_exercises_outlive_a_run() -> None:
    other = Progress({**SOME.exercises, "stage_1/greeting": ExerciseProgress(attempts=7)})
    known = progress.after(other, PASSED, "h", NOW)
    assert known.exercises[PATH].hints_shown == {"test_hello: not-hello": 2}
    assert known.exercises["stage_1/greeting"].attempts == 7


def test_hints_for_a_diagnosis_begin_anew_in_another_check() -> None:
    seen = ExerciseProgress(failed_check="test_one", failed_code="not-hello", hints_shown={"test_one: not-hello": 2})
    assert seen.hints_seen == 2
    assert replace(seen, failed_check="test_two").hints_seen == 0
    assert replace(seen, failed_check=None, failed_code=None).hints_seen == 0


@pytest.mark.parametrize(
    ("known", "current_hash", "state"),
    [
        (Progress(), None, BoxState.OPEN),
        (Progress(current=PATH), None, BoxState.STARTED),
        (Progress({PATH: ExerciseProgress()}), None, BoxState.STARTED),
        (Progress({PATH: ExerciseProgress(passed_at=STAMP, passed_hash="h")}), "h", BoxState.PASSED),
        (Progress({PATH: ExerciseProgress(passed_at=STAMP, passed_hash="h")}), "edited", BoxState.STALE),
        (Progress({PATH: ExerciseProgress(passed_at=STAMP, passed_hash="h")}), None, BoxState.PASSED),
        (Progress({PATH: ExerciseProgress(passed_at=STAMP, passed_hash="h")}), "", BoxState.PASSED),
        (Progress({PATH: ExerciseProgress(passed_at=STAMP)}), "h", BoxState.STALE),
    ],
)
def test_a_boxs_state(known: Progress, current_hash: str | None, state: BoxState) -> None:
    assert progress.box_state(HELLO, known, current_hash) is state


def test_the_box_of_an_exercise_to_come() -> None:
    assert progress.box_state(Exercise("stage_2", "farewell", "Farewell"), SOME, None) is BoxState.COMING


def test_a_fact_that_holds_half_a_character_is_kept(tmp_path: Path) -> None:
    odd = Progress({PATH: ExerciseProgress(failed_facts={"name": "na\udcefve"})}, PATH)
    progress.save(tmp_path / "progress.json", odd)
    assert progress.load(tmp_path / "progress.json").progress == odd
