"""checker/given.py: a file that is given and left as it is; an altered one is the learner's."""

from __future__ import annotations

from pathlib import Path

from checker.given import left_as_given
from tests.grading import lay

EXERCISE = 'given = ["desk/upstream.py", "desk/parsing.py", "desk/order.py"]\n'


def test_what_is_altered_or_gone_is_not_given_any_more(tmp_path: Path) -> None:
    room = {"exercise.toml": EXERCISE, "scaffold/desk/upstream.py": "A = 1\n", "scaffold/desk/parsing.py": "B = 1\n"}
    lay(tmp_path, {f"exercises/stage_1/desk/{name}": text for name, text in room.items()})
    lay(tmp_path, {"mine/desk/upstream.py": "A = 1\n", "mine/desk/parsing.py": "B = 2\n"})
    assert left_as_given(tmp_path / "checker" / "stage_1" / "desk", tmp_path / "mine") == {"desk/upstream.py"}


def test_an_exercise_may_give_nothing(tmp_path: Path) -> None:
    assert left_as_given(tmp_path / "checker" / "stage_1" / "desk", tmp_path) == frozenset()
