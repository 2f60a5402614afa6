"""An exercise as it is begun: its goal, the files made, what to type. Also a new workspace."""

from __future__ import annotations

from collections.abc import Iterator

from course.model import Exercise, Stage
from course.view.rows import BLANK, Row, dim

LABEL_COLUMNS = 7
FILES_INDENT = 9
LESSON = "README.md"


def draw(stage: Stage, exercise: Exercise, folder: str, *, is_new: bool) -> Iterator[Row]:
    """One exercise. `folder` is the path to type from here."""
    number = f"Stage {stage.number} · " if stage.number is not None else ""
    yield Row(f"{number}{stage.title}")
    yield Row(exercise.title, right=f"about {exercise.minutes} minutes" if exercise.minutes else "")
    yield BLANK
    yield _labelled("Goal", exercise.goal)
    yield BLANK
    yield _labelled("Made" if is_new else "Here", f"{folder}/")
    files = [(LESSON, "the lesson: start here")]
    files += [(file, "your work") for file in exercise.your_work]
    files += [(file, "given") for file in exercise.given]
    yield from _files(files)
    yield BLANK


def then(steps: list[str]) -> Iterator[Row]:
    """What to type, one under the other."""
    for at, step in enumerate(steps):
        yield _typed("Then" if at == 0 else " ", step)


def python(interpreter: str) -> Iterator[Row]:
    """The interpreter that has Django, for the learner's editor."""
    yield BLANK
    yield Row(
        dim(interpreter), label=dim("Python"), label_columns=LABEL_COLUMNS, right=dim("for your editor"), whole=True
    )


def workspace(folder: str, *, steps: list[str]) -> Iterator[Row]:
    """A workspace that was just made."""
    yield _labelled("Made", f"{folder}/")
    yield from _files(
        [("ROADMAP.md", "the six stages: a box is ticked when its checks pass"), (".learn/", "your progress")]
    )
    yield BLANK
    yield from then(steps)


def nothing_open(coming: int) -> Iterator[Row]:
    """All that exists has passed."""
    yield Row("Every exercise that exists has passed.")
    if coming:
        yield Row(dim(f"{coming} of the roadmap are still to come."))
    yield BLANK
    yield from then(["learn progress"])


def reset(exercise: Exercise, backup: str, *, way_back: str = "") -> Iterator[Row]:
    """Back to the scaffold. A shell that stood further inside has moved along with it, and needs a `way_back`."""
    yield Row(f"{exercise.title} is as it was issued.")
    yield _labelled("Kept", f"{backup}/")
    yield Row(dim("your work until now; copy back from it what you need"), label_columns=LABEL_COLUMNS)
    if way_back:
        yield _typed("Type", way_back)
        yield Row(dim("your shell stands in the backup; this brings it back"), label_columns=LABEL_COLUMNS)


def reset_question(exercise: Exercise, folder: str) -> str:
    """What `learn reset` asks on a terminal."""
    return f"  Put {folder}/ back to the scaffold of {exercise.title}? A backup is kept. [y/N] "


def _files(files: list[tuple[str, str]]) -> Iterator[Row]:
    at = FILES_INDENT + max(len(file) for file, _ in files) + 4
    for file, what in files:
        yield Row(file, indent=FILES_INDENT, right=dim(what), right_at=at)


def _labelled(label: str, text: str) -> Row:
    return Row(text, label=dim(label), label_columns=LABEL_COLUMNS)


def _typed(label: str, command: str) -> Row:
    return Row(command, label=dim(label), label_columns=LABEL_COLUMNS, whole=True)
