"""For authors: `learn dev new` makes the rooms of an exercise: a small whole one, to be turned into the author's own.

What it makes lies in stub/, as templates by room. It serves, its scaffold fails rightly, and each of its solutions
meets its verdict: all that `learn dev check` still asks for is the lesson.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from course.content import catalogue, scaffold
from course.content.places import Places
from course.errors import UsageError

STUB = Path(__file__).with_name("stub")
SYNCHRONOUS_STAGES = ("stage_1", "stage_2")  # the course comes to ASGI in stage 3


@dataclass(frozen=True, slots=True)
class Made:
    """The files of a new exercise. `title` is the roadmap's, which may have had the box already, under another."""

    files: tuple[Path, ...]
    title: str


def new(places: Places, path: str, title: str) -> Made:
    """Make the rooms of a new exercise and, where it is missing, its line in stage.toml. Overwrites nothing."""
    stage, _, name = path.partition("/")
    if not places.stage_file(stage).is_file():
        stages = ", ".join(sorted(file.parent.name for file in places.course_file.parent.glob("*/stage.toml")))
        raise UsageError(f"{path!r} is no path of an exercise.", f"It reads STAGE/NAME; the stages are {stages}.")
    if not catalogue.is_name(name):
        raise UsageError(f"{path!r} is no path of an exercise.", "NAME is a folder's name: a-z, 0-9 and _.")
    rooms = {"exercises": places.exercise(path), "checker": places.suite(path), "solutions": places.solutions(path)}
    if there := [folder for folder in rooms.values() if folder.exists()]:
        raise UsageError(f"{there[0]} is already there.", "An exercise is made once; edit its files.")
    server, interface, other = "uvicorn", "asgi", "wsgi"
    if stage in SYNCHRONOUS_STAGES:
        server, interface, other = "gunicorn", "wsgi", "asgi"
    boxes = {exercise.path: exercise.title for exercise in catalogue.read(places).exercises}
    title = boxes.get(path, title)
    values = {"title": title, "server": server, "interface": interface, "room": path.replace("/", ".")}
    made = [folder / file for room, folder in rooms.items() for file in scaffold.render(STUB / room, folder, values)]
    (unused,) = (file for file in made if file.name == f"{other}.py")
    unused.unlink()
    _name_in_stage(places.stage_file(stage), name, title)
    return Made(tuple(file for file in made if file != unused), title)


def _name_in_stage(stage_file: Path, name: str, title: str) -> None:
    text = stage_file.read_text(encoding="utf-8")
    if f"\n{name} =" in text:
        return
    before, header, after = text.partition("[exercises]\n")
    # The table ends at the next blank line: milestones have another table below it.
    boxes, gap, rest = after.partition("\n\n")
    stage_file.write_text(f'{before}{header}{boxes.rstrip()}\n{name} = "{title}"\n{gap[1:]}{rest}', encoding="utf-8")
