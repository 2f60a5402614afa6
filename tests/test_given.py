"""A file that is given and left as it is; an altered one is the learner's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from course.content import scaffold
from course.content.places import Places
from tests.grading import TOY, lay

DESK = replace(TOY, name="desk", given=("desk/upstream.py", "desk/parsing.py", "desk/titled.py", "desk/order.py"))


def test_what_is_altered_or_gone_is_not_given_any_more(tmp_path: Path) -> None:
    template = "C = '{{ title }}'\n"
    issued = {"upstream.py": "A = 1\n", "parsing.py": "B = 1\n", "titled.py.jinja": template, "order.py": ""}
    lay(tmp_path, {f"exercises/stage_1/desk/scaffold/desk/{name}": text for name, text in issued.items()})
    lay(tmp_path / "mine/desk", {"upstream.py": "A = 1\n", "parsing.py": "B = 2\n", "titled.py": "C = 'Toy'\n"})
    given = scaffold.left_as_given(Places(tmp_path), DESK, tmp_path / "mine")
    assert given == ("desk/upstream.py", "desk/titled.py")


def test_an_exercise_may_give_nothing(tmp_path: Path) -> None:
    assert scaffold.left_as_given(Places(tmp_path), TOY, tmp_path) == ()
