"""Each exercise's own stack, as `learn run` has it stand: on the reference, every site of it answers."""

from __future__ import annotations

import http.client
import time
from collections.abc import Mapping
from contextlib import closing
from functools import partial
from pathlib import Path

import psutil
import pytest

from checker.harness.waiting import wait_until
from course.authors import mistakes
from course.authors.new import new
from course.content import catalogue, scaffold
from course.content.places import Places
from course.grading import standing
from course.model import Exercise
from course.shared.standing import StandEvent, Up

DEADLINE_S = 60.0
PLACES = Places()
WRITTEN = [exercise for exercise in catalogue.read(PLACES).exercises if exercise.written]
each = pytest.mark.parametrize("exercise", WRITTEN, ids=lambda exercise: exercise.name)


def up(stack: standing.Standing) -> Up:
    """What is told once all is started."""
    told: list[StandEvent] = []
    end_s = time.monotonic() + DEADLINE_S
    while time.monotonic() < end_s and not stack.has_ended:
        told += stack.events(0.2)
        if found := next((event for event in told if isinstance(event, Up)), None):
            return found
    raise AssertionError(f"it does not stand: {told}")


def answers(url: str) -> bool:
    """Whether the site answers, with whatever status."""
    with closing(http.client.HTTPConnection(url.removeprefix("http://"), timeout=DEADLINE_S)) as connection:
        try:
            connection.request("GET", "/")
            return connection.getresponse().status >= 100
        except OSError:  # it does not listen yet
            return False


def test_a_new_exercise_stands(own_places: Places, tmp_path: Path) -> None:
    new(own_places, "stage_2/greeter", "A Greeter")
    exercise = catalogue.find(catalogue.read(own_places), "greeter")
    scaffold.issue(own_places, exercise, tmp_path / "project")
    (tmp_path / "stand").mkdir()
    with standing.start(
        own_places, exercise, project=tmp_path / "project", folder=tmp_path / "stand", ports={}, chosen={}
    ) as stack:
        assert [name for name, _ in up(stack).sites] == ["gunicorn"]


@each
def test_the_reference_stands_and_nothing_is_left(exercise: Exercise, tmp_path: Path) -> None:
    expect_stands(exercise, {}, tmp_path)


@pytest.mark.parametrize(
    ("kind", "name"),
    [("profile", "pages"), ("manager", "supervisor"), ("manager", "systemd"), ("manager", "container")],
)
def test_what_is_chosen_stands_alone(kind: str, name: str, tmp_path: Path) -> None:
    deployment = next(exercise for exercise in WRITTEN if exercise.name == "gunicorn_deployment")
    assert len(expect_stands(deployment, {kind: name}, tmp_path).sites) == 1


def expect_stands(exercise: Exercise, chosen: Mapping[str, str], tmp_path: Path) -> Up:
    """Each of its sites answers, and nothing is left of it; what it told when it stood."""
    before = set(psutil.Process().children(recursive=True))
    project, folder = tmp_path / "project", tmp_path / "stand"
    folder.mkdir()
    mistakes.lay_right(PLACES, exercise, "reference", project)
    with standing.start(PLACES, exercise, project=project, folder=folder, ports={}, chosen=chosen) as stack:
        told = up(stack)
        assert told.ports.keys() - {"gate", "gate page"} == {name for name, _ in told.sites}
        for name, url in told.sites:
            assert wait_until(partial(answers, url), DEADLINE_S), name
    assert not set(psutil.Process().children(recursive=True)) - before
    assert not (folder / "ledger.jsonl").exists()
    return told
