"""The course's words as frozen values: what it teaches, what a check saw, what a run came to.

Values only. Reading files is catalogue.py, judging is checker/, drawing is view/; pictures.py has the pictures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # what no start-up needs
    from course.pictures import Chart, Conversation, Timeline


class ExitStatus(IntEnum):
    """What `learn` tells the shell."""

    PASSED = 0
    NOT_YET = 1
    USAGE = 2
    MACHINE_LACKS = 3
    INCONCLUSIVE = 4
    COURSE_BUG = 70
    INTERRUPTED = 130


class Outcome(StrEnum):
    """How one check, or a whole run, ended."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    INCONCLUSIVE = "inconclusive"
    BROKEN = "broken"
    INTERRUPTED = "interrupted"  # a run only: somebody stopped it, or nobody read on

    @property
    def exit_status(self) -> ExitStatus:
        """The shell's status for a run with this outcome."""
        return {
            Outcome.PASSED: ExitStatus.PASSED,
            Outcome.FAILED: ExitStatus.NOT_YET,
            Outcome.SKIPPED: ExitStatus.MACHINE_LACKS,
            Outcome.INCONCLUSIVE: ExitStatus.INCONCLUSIVE,
            Outcome.BROKEN: ExitStatus.COURSE_BUG,
            Outcome.INTERRUPTED: ExitStatus.INTERRUPTED,
        }[self]


# --- what the course teaches ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Exercise:
    """One box of the roadmap. `written` is False for a box whose exercise is still to come."""

    stage: str
    name: str
    title: str
    written: bool = False
    goal: str = ""
    minutes: int = 0
    servers: tuple[str, ...] = ()
    your_work: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    time_limit_s: float = 60.0
    waits: tuple[tuple[str, float], ...] = ()  # what its checks wait for because it is the lesson, with its seconds
    first_check: str = ""
    first_code: str = ""
    after: str = ""  # a milestone's place among the stages, as it stands on screen: "stage 2"

    @property
    def path(self) -> str:
        """`stage_2/blocking_problem`: the folder's name in every room, and on screen."""
        return f"{self.stage}/{self.name}"


@dataclass(frozen=True, slots=True)
class Stage:
    """One heading of the roadmap: a numbered stage, the milestones, or the goal."""

    name: str
    title: str
    done: str
    exercises: tuple[Exercise, ...]

    @property
    def number(self) -> int | None:
        """2 for `stage_2`; None for `milestones` and `goal`."""
        digits = self.name.removeprefix("stage_")
        return int(digits) if digits.isdigit() else None


@dataclass(frozen=True, slots=True)
class Course:
    """The whole roadmap, in its order."""

    title: str
    stages: tuple[Stage, ...]
    tour: str = ""  # the path of the exercise that `learn tour` shows

    @property
    def exercises(self) -> tuple[Exercise, ...]:
        """Every exercise, in the roadmap's order."""
        return tuple(exercise for stage in self.stages for exercise in stage.exercises)


# --- what a check saw -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A line of the learner's code; `file` is relative to the exercise's folder."""

    file: str
    line: int
    function: str = ""
    doing: str = ""


Fact = str | int | float


@dataclass(frozen=True, slots=True)
class Finding:
    """Why a check did not pass: wanted, saw, where, and what to type or edit next.

    `code` names the diagnosis (kebab-case) and finds its three hints in hints.toml. `facts` are the names and
    numbers of this run that the hints may use (course/shared/facts.py).
    """

    code: str
    wanted: str
    saw: str
    where: SourceLine | None = None
    next: str = ""
    facts: Mapping[str, Fact] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check's end. `sentence` is its docstring, the line on the learner's screen.

    `number` is its place among all checks of the exercise, from 1; 0 where nobody has counted them.
    """

    id: str
    sentence: str
    outcome: Outcome
    seconds: float = 0.0
    finding: Finding | None = None
    reason: str = ""
    timeline: Timeline | None = None
    charts: tuple[Chart, ...] = ()
    conversation: Conversation | None = None
    number: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a run came to. `run` is its folder under `.learn/runs/`.

    A partial one is of some of the checks: it neither passes the exercise nor takes its tick away.
    """

    exercise: str
    outcome: Outcome
    results: tuple[CheckResult, ...]
    seconds: float
    run: Path
    reason: str = ""
    is_partial: bool = False

    @property
    def passed_count(self) -> int:
        """How many checks passed."""
        return sum(result.outcome is Outcome.PASSED for result in self.results)

    @property
    def first_failure(self) -> CheckResult | None:
        """The failed check the learner should look at first."""
        return next((r for r in self.results if r.outcome is Outcome.FAILED), None)


# --- what the grading child tells while it works ----------------------------------------------

# The check that the grader adds to those of every exercise.
LEFT_RUNNING = "nothing_is_left_running"
LEFT_RUNNING_SENTENCE = "No process is left running afterwards"


@dataclass(frozen=True, slots=True)
class SuiteStarted:
    """The first event: every check of the suite, in order, as (id, sentence)."""

    checks: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class CheckStarted:
    """A check begins to run."""

    id: str


@dataclass(frozen=True, slots=True)
class CheckFinished:
    """A check has ended."""

    result: CheckResult


@dataclass(frozen=True, slots=True)
class SuiteFinished:
    """The last event: all servers are stopped. `trouble` is empty unless the grader itself broke."""

    seconds: float
    trouble: str = ""


CheckEvent = SuiteStarted | CheckStarted | CheckFinished | SuiteFinished
