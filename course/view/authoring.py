"""For authors: what `dev new` made, and all of one exercise. What `dev check` proves is drawn by proofs.py."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from course.authors.dossier import Dossier
from course.authors.new import Made
from course.authors.promises import Promise
from course.authors.saving import Saved
from course.model import Exercise
from course.view.rows import BLANK, FAILED, Row, bad, dim

CASE_COLUMNS = 30
PROMISE_COLUMNS = 16


def made(name: str, title: str, new: Made) -> Iterator[Row]:
    """The files of a new exercise, and whether the title that was given is its title."""
    for at, file in enumerate(new.files):
        yield Row(str(file), label=dim("Made") if at == 0 else " ", label_columns=7, whole=True)
    yield BLANK
    if title != new.title:
        told = f"The roadmap has this box already, as {new.title!r}: {title!r} is not used."
        yield Row(told, label=dim("Title"), label_columns=7)
        yield BLANK
    yield Row(f"learn dev check {name}", label=dim("Then"), label_columns=7)


def dossier(shown: Dossier) -> Iterator[Row]:
    """The facts, files and solutions of one exercise."""
    exercise = shown.exercise
    yield Row(exercise.title, right=exercise.path)
    yield BLANK
    yield _labelled("Goal", exercise.goal)
    yield _labelled("Servers", ", ".join(exercise.servers) or "none")
    for what, seconds in exercise.waits:
        yield _labelled("Waits", f"{seconds:g} s because {what}")
    yield _labelled("Limit", f"{exercise.time_limit_s:.0f} s, for a learner of {exercise.minutes} minutes")
    yield BLANK
    for case in shown.cases:
        name = f"{case.kind} {case.name}".strip()
        yield Row(dim(case.expected), label=name, label_columns=CASE_COLUMNS)
        if case.why:
            yield Row(case.why, label=" ", label_columns=CASE_COLUMNS)
    yield BLANK
    if shown.promises:
        yield from _promises(shown.promises)
        yield BLANK
    for file in shown.files:
        yield Row(file.as_posix())


def _promises(promises: Sequence[Promise]) -> Iterator[Row]:
    """Each promise with what breaks it, by its sides."""
    for promise in promises:
        yield Row(promise.text, label=promise.name, label_columns=PROMISE_COLUMNS)
        for side, mistake in promise.broken_by:
            yield Row(mistake, label=dim(f"/{side}" if side else "-"), label_columns=CASE_COLUMNS, indent=2)
        if not promise.broken_by:
            yield Row("no mistake breaks it", label=bad(FAILED), label_columns=2, indent=2)


def laid_out(exercise: Exercise, name: str, folder: Path, laid: str, *, on: str) -> Iterator[Row]:
    """A mistake's project, to try and to edit; a new one has to be saved as what it was begun on."""
    yield Row(f"{folder}: the scaffold, {laid}", label=dim("Made"), label_columns=7)
    yield BLANK
    save = f"learn dev mistake {exercise.name} {name} {folder} --save{f' --on {on}' if on else ''}"
    yield Row(save, label=dim("Then"), label_columns=7, whole=True)


def saved(done: Saved) -> Iterator[Row]:
    """A mistake's diff: what it changes, and what is still to fill in."""
    yield Row(str(done.path), label=dim("Saved"), label_columns=7, whole=True)
    for file, removed, added in done.changed:
        yield Row(f"{file}: -{removed} +{added} on right/{done.on}", label=" ", label_columns=7)
    if done.unfilled:
        yield BLANK
        yield Row(f"Its first lines want {', '.join(done.unfilled)}.", label=dim("Then"), label_columns=7)


def _labelled(label: str, text: str) -> Row:
    return Row(text, label=dim(label), label_columns=9)
