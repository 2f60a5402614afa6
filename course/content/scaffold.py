"""Makes an exercise's project from its scaffold, and lays a solution over it. Knows no workspace and judges nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath

from course.content import promises
from course.content.places import Places
from course.errors import CourseBug
from course.files import remove, writing
from course.model import Exercise
from course.shared.reading import content_of

LESSON = "README.md"
REMOVED = "REMOVED"
TEMPLATE_ENDING = ".jinja"
# They stand at the top of a solution and tell about it; they are no part of the project.
_ABOUT_A_SOLUTION = {"expect.toml", "why.md", REMOVED}
_LEFT_BY_TOOLS = {"__pycache__", ".ruff_cache", ".mypy_cache", ".pytest_cache", ".DS_Store"}
_EXECUTABLE = 0o111


def issue(places: Places, exercise: Exercise, destination: Path) -> tuple[Path, ...]:
    """Make the exercise's project: its scaffold, and its lesson as README.md. Returns the relative paths, in order.

    The lesson is issued without the names of its promises. A template may use `title`, `goal`, `name`, `stage`,
    `path` and `minutes`.
    """
    files = render(places.scaffold(exercise.path), destination, _values(exercise))
    lesson = places.lesson(exercise.path)
    if not lesson.is_file():
        raise CourseBug(f"{lesson}: the file is missing")
    if Path(LESSON) in files:
        raise CourseBug(f"{places.scaffold(exercise.path) / LESSON}: the lesson takes this name")
    with writing(destination):
        _copy(lesson, destination / LESSON, promises.without_names(lesson.read_text(encoding="utf-8")))
    return (Path(LESSON), *files)


def left_as_given(places: Places, exercise: Exercise, project: Path) -> tuple[str, ...]:
    """The given files that stand in the project as they were issued. An altered one is the learner's by now."""
    fill = _filler(_values(exercise))
    source = places.scaffold(exercise.path)
    return tuple(file for file in exercise.given if _is_as_issued(source / file, project / file, fill))


def render(source: Path, destination: Path, values: Mapping[str, str]) -> tuple[Path, ...]:
    """Copy a folder; each `name.jinja` becomes `name`, filled with the values. Returns the relative paths, sorted.

    Raises CourseBug for a template that is no Jinja2, uses an unknown value, or makes a file that is there already.
    """
    if not source.is_dir():
        raise CourseBug(f"{source}: the folder is missing")
    fill = _filler(values)
    made: dict[Path, Path] = {}
    with writing(destination):
        destination.mkdir(parents=True, exist_ok=True)
    for relative in _files(source):
        is_template = relative.suffix == TEMPLATE_ENDING
        target = relative.with_suffix("") if is_template else relative
        if target in made:
            raise CourseBug(f"{source / relative}: {made[target]} makes a file of this name too")
        made[target] = relative
        text = fill(source / relative) if is_template else None
        with writing(destination / target):
            _copy(source / relative, destination / target, text)
    return tuple(sorted(made))


def overlay(source: Path, destination: Path) -> None:
    """Lay a solution's files over a project, and delete what its file REMOVED lists, one path a line.

    Raises CourseBug where REMOVED lists a path that leads out of the project.
    """
    for path in removed(source):
        with writing(destination / path):
            remove(destination / path)
    for relative in _files(source):
        if relative.as_posix() not in _ABOUT_A_SOLUTION:
            with writing(destination / relative):
                _copy(source / relative, destination / relative)


def copy(source: Path, destination: Path) -> None:
    """Copy a project as it is."""
    for relative in _files(source):
        with writing(destination / relative):
            _copy(source / relative, destination / relative)


def removed(source: Path) -> tuple[Path, ...]:
    """The paths that a solution takes out of the project."""
    file = source / REMOVED
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    paths = [PurePosixPath(line.strip()) for line in lines if line.strip()]
    for path in paths:
        if path.is_absolute() or ".." in path.parts or not path.parts:
            raise CourseBug(f"{file}: {str(path)!r} leads out of the project")
    return tuple(Path(path) for path in paths)


def listed(folder: Path) -> tuple[Path, ...]:
    """A project's files, as `issue` returns them."""
    return tuple(sorted(_files(folder), key=lambda path: (path != Path(LESSON), path)))


def _values(exercise: Exercise) -> dict[str, str]:
    return {name: str(getattr(exercise, name)) for name in ("title", "goal", "name", "stage", "path", "minutes")}


def _is_as_issued(source: Path, found: Path, fill: Callable[[Path], str]) -> bool:
    template = source.with_name(source.name + TEMPLATE_ENDING)
    with suppress(OSError):  # no file, or closed to us: not as it was given
        issued = fill(template).encode() if template.is_file() else source.read_bytes()
        return issued == content_of(found)
    return False


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if path.is_file() and path.suffix != ".pyc" and not _LEFT_BY_TOOLS & set(relative.parts):
            yield relative


def _copy(source: Path, target: Path, text: str | None = None) -> None:
    """Copy a file, or write the text it was turned into. The copy can be edited, however the source was installed."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if text is None:
        shutil.copyfile(source, target)
    else:
        target.write_text(text, encoding="utf-8")
    if source.stat().st_mode & _EXECUTABLE:
        readable = target.stat().st_mode & 0o444
        target.chmod(target.stat().st_mode | readable >> 2)


def _filler(values: Mapping[str, str]) -> Callable[[Path], str]:
    """What turns a template's file into text; Jinja2 is only imported when there is a template."""

    def fill(file: Path) -> str:
        from jinja2 import Environment, StrictUndefined, TemplateError

        # Not HTML alone: Python, TOML and configuration are filled too, where escaping would do harm.
        environment = Environment(undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False)  # noqa: S701
        try:
            return environment.from_string(file.read_text(encoding="utf-8")).render(values)
        except TemplateError as error:
            line = getattr(error, "lineno", None)
            raise CourseBug(f"{file}{f':{line}' if line else ''}: {error.message}") from error

    return fill
