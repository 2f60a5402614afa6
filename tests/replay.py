"""A run that was recorded, or is written here, shown again as `learn check` shows one while it goes.

tests/recorded/ holds the verdicts of ten exercises' untouched scaffolds, each from a real run: `verdict.json` as the
run's folder has it. To record one anew: `learn next NAME`, `learn check NAME`, and copy it from .learn/runs/.
"""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

from course.content import catalogue
from course.content.places import Places
from course.grading import verdicts
from course.learner.attempt import Attempt
from course.learner.progress import BoxState, Progress
from course.learner.situation import Situation
from course.learner.workspace import Workspace
from course.model import CheckFinished, CheckStarted, SuiteFinished, SuiteStarted, Verdict
from course.view.check import Follow
from course.view.screens import Screen
from tests.tree import ROOT

RECORDED = Path(__file__).parent / "recorded"
NAMES = sorted(path.name for path in RECORDED.iterdir())
REAL = Places(ROOT)
COURSE = catalogue.read(REAL)


def recorded(name: str) -> Verdict:
    """What the untouched scaffold of an exercise came to."""
    verdict = verdicts.read(RECORDED / name)
    assert verdict is not None
    return replace(verdict, run=Path("0001"))


def play(verdict: Verdict, follow: Follow) -> None:
    """Have `follow` hear of all of it, and close it."""
    exercise = catalogue.find(COURSE, verdict.exercise)
    with follow.begin(exercise, exercise.servers):
        follow(SuiteStarted(tuple((result.id, result.sentence) for result in verdict.results)))
        for result in verdict.results:
            follow(CheckStarted(result.id))
            follow(CheckFinished(result))
        follow(SuiteFinished(verdict.seconds))
    follow.close(attempt(verdict))


def attempt(verdict: Verdict) -> Attempt:
    """The attempt that a verdict belongs to."""
    exercise = catalogue.find(COURSE, verdict.exercise)
    here = Situation(REAL, COURSE, Workspace(Path("wsgi-asgi")), Progress({}))
    return Attempt(exercise, verdict, here, {one.path: BoxState.OPEN for one in COURSE.exercises})


def played(verdict: Verdict, columns: int = 80, rows: int = 24, *, verbose: bool = False) -> str:
    """What a screen of this size shows of it."""
    stream = io.StringIO()
    play(verdict, Follow(Screen(stream, columns, rows=rows), verbose=verbose))
    return stream.getvalue()
