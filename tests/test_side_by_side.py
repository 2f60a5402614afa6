"""checker/stage_1/python_asyncio/side_by_side.py: which trials begin, what a run keeps of them, and how they end."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from course.authors import mistakes
from course.content import catalogue
from course.content.places import Places
from course.grading import checking
from course.model import CheckStarted, Exercise, Outcome, Verdict

CTRL_C, LATE = "test_ctrl_c_ends_it_tidily", "test_a_late_call_is_given_up"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """The folder of a run."""
    (tmp_path / "run").mkdir()
    return tmp_path / "run"


@pytest.fixture
def desk() -> Exercise:
    """The exercise."""
    return catalogue.find(catalogue.read(Places()), "python_asyncio")


def grade(desk: Exercise, run: Path, mistake: str, *only: str) -> Verdict:
    """The verdict on this mistake, or on the reference."""
    project, places = run.parent / "project", Places()
    if mistake:
        chosen = next(m for m in mistakes.of(places, desk) if m.name == mistake)
        mistakes.lay(places, desk, chosen, project)
    else:
        mistakes.lay_right(places, desk, "reference", project)
    with checking.start(places, desk, project=project, run=run, only=only) as grading:
        for _ in grading.events():
            pass
    return grading.verdict


def begun(run: Path) -> set[str]:
    """The checks whose trials have begun."""
    return {folder.name for folder in run.iterdir() if folder.is_dir()}


def test_a_check_that_nobody_asked_for_is_not_tried(desk: Exercise, run: Path) -> None:
    assert grade(desk, run, "", CTRL_C).outcome is Outcome.PASSED
    assert begun(run) == {CTRL_C}


def test_a_check_whose_need_has_failed_is_not_tried(desk: Exercise, run: Path) -> None:
    verdict = grade(desk, run, "chunks_of_the_limit", CTRL_C, LATE)
    assert [r.id for r in verdict.results if r.outcome is Outcome.FAILED] == ["test_each_answer_lets_one_more_in"]
    assert begun(run) == {CTRL_C}


def test_of_a_failed_trial_the_picture_and_the_log_are_kept(desk: Exercise, run: Path) -> None:
    verdict = grade(desk, run, "timeout_around_the_semaphore", LATE)
    failure = verdict.first_failure
    assert failure is not None
    assert failure.id == LATE
    assert failure.timeline is not None
    assert failure.timeline.title.startswith("nobody answers")
    assert (run / "desk.log").is_file()


def test_a_run_that_is_broken_off_leaves_no_desk(desk: Exercise, run: Path) -> None:
    project = run.parent / "project"
    mistakes.lay_right(Places(), desk, "reference", project)
    with pytest.raises(KeyboardInterrupt):
        break_off(desk, run, project)
    assert desks(project) == []


def break_off(desk: Exercise, run: Path, project: Path) -> None:
    """Interrupt a run in which trials run."""
    with checking.start(Places(), desk, project=project, run=run) as grading:
        for event in grading.events():
            if isinstance(event, CheckStarted) and event.id == LATE:
                assert desks(project)
                raise KeyboardInterrupt


def desks(project: Path) -> list[int]:
    """The desks that run there."""
    processes = psutil.process_iter(["cwd", "cmdline"])
    return [p.pid for p in processes if p.info["cwd"] == str(project) and "desk" in (p.info["cmdline"] or ())]
