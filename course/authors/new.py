"""For authors: `learn dev new` makes the rooms of an exercise, with a stub in each."""

from __future__ import annotations

from pathlib import Path

from course.authors.linting import LESSON_HEADINGS
from course.content.places import Places
from course.errors import UsageError

EXERCISE = """\
goal = "What the learner's project does when it is done."
minutes = 45
time_limit_s = 60
servers = ["gunicorn"]
your_work = ["site/views.py"]
given = []

[first_finding]  # what the untouched scaffold must meet
check = "test_it_answers"
code = "says-nothing"
"""

HINTS = """\
[says-nothing]
hints = [
    "A question that points to the idea.",
    "The mechanism, and where to look.",
    "Nearly the answer, for another example than theirs.",
]
"""

SUITE = '''\
"""Checks of {title}."""

from __future__ import annotations

from pathlib import Path

from checker.harness.findings import fail


def test_it_answers(project: Path) -> None:
    """It answers."""
    if not (project / "site" / "views.py").read_text().strip():
        fail("says-nothing", wanted="a view that answers", saw="site/views.py is empty")
'''

EXPECT = """\
check = "test_it_answers"
code = "says-nothing"
why = "One line: who makes this mistake, and why."
"""


def new(places: Places, path: str, title: str) -> tuple[Path, ...]:
    """Make the rooms of a new exercise and, where it is missing, its line in stage.toml. Overwrites nothing."""
    stage, _, name = path.partition("/")
    if not name.isidentifier() or not places.stage_file(stage).is_file():
        raise UsageError(f"{path!r} is no path of an exercise.", "It reads STAGE/NAME, as in stage_3/event_loop.")
    files = {
        places.exercise_file(path): EXERCISE,
        places.lesson(path): "\n\n".join([f"# {title}", *(f"## {heading}" for heading in LESSON_HEADINGS), ""]),
        places.hints_file(path): HINTS,
        places.scaffold(path) / "site" / "views.py": "",
        places.suite(path) / "test_1_answers.py": SUITE.format(title=title),
        places.reference(path) / "why.md": "Why the reference is as it is, and the other right styles.\n",
        places.solutions(path) / "wrong" / "untouched" / "expect.toml": EXPECT,
    }
    there = [file for file in files if file.exists()]
    if there:
        raise UsageError(f"{there[0]} is already there.", "An exercise is made once; edit its files.")
    for file, text in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    _name_in_stage(places.stage_file(stage), name, title)
    return tuple(files)


def _name_in_stage(stage_file: Path, name: str, title: str) -> None:
    text = stage_file.read_text(encoding="utf-8")
    if f"\n{name} =" in text:
        return
    before, header, after = text.partition("[exercises]\n")
    # The table ends at the next blank line: milestones have another table below it.
    boxes, gap, rest = after.partition("\n\n")
    stage_file.write_text(f'{before}{header}{boxes.rstrip()}\n{name} = "{title}"\n{gap[1:]}{rest}', encoding="utf-8")
