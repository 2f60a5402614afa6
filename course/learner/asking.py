"""What a learner may ask for: the next hint for the last diagnosis, and the reference beside their own work."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from course.content import catalogue, promises, scaffold
from course.content.places import Places
from course.errors import CourseBug, UsageError
from course.learner import comparing, situation
from course.learner.comparing import FileComparison
from course.learner.progress import ExerciseProgress
from course.learner.situation import Situation
from course.model import Exercise
from course.shared.facts import filled
from course.shared.reading import text_of


@dataclass(frozen=True, slots=True)
class Hint:
    """The hints for one diagnosis, of which the first `shown` may be seen. `is_repeated`: all had been seen before."""

    exercise: Exercise
    code: str
    failed_sentence: str
    hints: tuple[str, ...]
    shown: int
    is_repeated: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """The reference beside the learner's work, and why it is so (Markdown)."""

    exercise: Exercise
    files: tuple[FileComparison, ...]
    why: str


def lesson(name: str | None, places: Places | None = None) -> str:
    """The lesson in Markdown: of the exercise named, which needs no workspace, or of the one that is meant.

    Without the names of its promises, which are for authors.
    """
    places = places or Places()
    if name:
        path = catalogue.find(catalogue.read(places), name).path
    else:
        path = situation.meant(situation.here(places), None).path
    return promises.without_names(places.lesson(path).read_text(encoding="utf-8"))


def hint(here: Situation, exercise: Exercise) -> Hint:
    """One hint more for the exercise's last diagnosis. Raises UsageError when nothing has failed."""
    known = here.of(exercise)
    if not known.failed_code:
        if known.checked_at and known.passed_count < known.check_count:
            when, remedy = "what failed last passes now", "`learn check` runs all checks."
        elif known.checked_at:
            when, remedy = "it passed", "`learn solution` shows the reference beside your work."
        else:
            when, remedy = "it has not been checked yet", "`learn check` grades it."
        raise UsageError(f"there is nothing to hint at in {exercise.name}: {when}.", remedy)
    hints = catalogue.hints(here.places, exercise.path).get(known.failed_code)
    if hints is None:
        raise CourseBug(f"{exercise.path}: diagnosis {known.failed_code!r} has no hints in hints.toml")
    seen = known.hints_seen
    shown = min(seen + 1, len(hints))
    _note(here, exercise, replace(known, hints_shown={**known.hints_shown, known.failure: shown}))
    texts = tuple(filled(text, known.failed_facts) for text in hints)
    return Hint(exercise, known.failed_code, known.failed_sentence or "", texts, shown, seen >= len(hints))


def hints_left(here: Situation, exercise: Exercise) -> int:
    """How many hints for the last diagnosis have not been seen."""
    known = here.of(exercise)
    return 3 - known.hints_seen if known.failed_code else 0


def may_see_solution(here: Situation, exercise: Exercise) -> bool:
    """Whether the reference is shown: once it has passed, or at the second asking, which this may be the first of."""
    known = here.of(exercise)
    if known.passed_at is not None or known.solution_asked:
        return True
    _note(here, exercise, replace(known, solution_asked=True))
    return False


def compare(here: Situation, exercise: Exercise) -> Comparison:
    """Every file of the reference beside the learner's."""
    project = situation.project_of(here, exercise)
    reference, issued = here.places.reference(exercise.path), here.workspace.base(exercise.path)
    with tempfile.TemporaryDirectory(prefix="learn-") as folder:
        laid = Path(folder)
        scaffold.overlay(reference, laid)
        files = sorted(path.relative_to(laid).as_posix() for path in laid.rglob("*") if path.is_file())
        compared = tuple(
            comparing.compared(file, _text(project / file), _text(laid / file) or "", _text(issued / file) or "")
            for file in files
        )
    removed = [path.as_posix() for path in scaffold.removed(reference) if (project / path).exists()]
    gone = tuple(FileComparison(path, note="the reference removes it") for path in removed)
    why = reference / "why.md"
    return Comparison(exercise, compared + gone, why.read_text(encoding="utf-8") if why.is_file() else "")


def _note(here: Situation, exercise: Exercise, known: ExerciseProgress) -> None:
    here.keep(replace(here.progress, exercises={**here.progress.exercises, exercise.path: known}))


def _text(path: Path) -> str | None:
    return text_of(path) if path.is_file() else None
