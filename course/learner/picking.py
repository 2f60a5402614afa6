"""Which of an exercise's checks a run is of: the one that is named, or what failed last. Runs nothing."""

from __future__ import annotations

from collections.abc import Mapping

from course.content import suites
from course.content.places import Places
from course.errors import UsageError
from course.learner.situation import Situation
from course.model import LEFT_RUNNING_SENTENCE, Exercise


def named(places: Places, exercise: Exercise, name: str) -> tuple[str, ...]:
    """The check of this number, test name, or part of a sentence, whose letters may be large or small.

    Raises UsageError, with the checks there are to choose from, where none or several are meant.
    """
    sentences = suites.sentences(places.suite(exercise.path))
    numbers = {check: str(number) for number, check in enumerate(sentences, 1)}
    wanted = " ".join(name.split()).casefold()
    whole = [check for check in sentences if wanted in (numbers[check], check, sentences[check].casefold())]
    fitting = whole or [check for check in sentences if wanted and wanted in sentences[check].casefold()]
    if len(fitting) == 1:
        return (fitting[0],)
    if wanted in (str(len(sentences) + 1), LEFT_RUNNING_SENTENCE.casefold()):
        raise UsageError(f"check {len(sentences) + 1} ends every run, whatever it is of.", "Name another one.")
    if fitting:
        found = {check: sentences[check] for check in fitting}
        raise UsageError(f"{name!r} fits {len(fitting)} checks of {exercise.name}:", _listed(found, numbers))
    raise UsageError(f"no check of {exercise.name} is called {name!r}. It has these:", _listed(sentences, numbers))


def failed_last(here: Situation, exercise: Exercise) -> tuple[str, ...]:
    """The check that failed last; none where nothing did, or where it has another name by now."""
    failed = here.of(exercise).failed_check
    return (failed,) if failed and failed in suites.sentences(here.places.suite(exercise.path)) else ()


def _listed(sentences: Mapping[str, str], numbers: Mapping[str, str]) -> str:
    return "\n".join(f"{numbers[check]:>2}  {sentence}" for check, sentence in sentences.items())
