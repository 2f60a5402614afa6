"""A line of the learner's code on the screen: its path from where they stand, its text, and the link to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from course.model import SourceLine
from course.view import links, place
from course.view.place import NOWHERE, Project
from course.view.rows import Row, lines


def test_a_place_has_its_function_and_what_the_line_does() -> None:
    at, says = place.drawn(SourceLine("shop/views.py", 14, "report", "time.sleep(1)"), NOWHERE)
    assert (at.text, says) == ("shop/views.py:14 report()", "time.sleep(1)")


def test_a_module_has_no_brackets_after_it() -> None:
    assert place.drawn(SourceLine("shop/wsgi.py", 3, "<module>"), NOWHERE)[0].text == "shop/wsgi.py:3"


@pytest.mark.parametrize(
    ("standing", "shown"),
    [
        (".", "stage_1/one/shop/views.py:2"),
        ("stage_1/one", "shop/views.py:2"),
        ("stage_1/one/shop", "views.py:2"),
        ("stage_2", "../stage_1/one/shop/views.py:2"),
        ("..", "shop/views.py:2"),
    ],
)
def test_its_path_begins_where_the_learner_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, standing: str, shown: str
) -> None:
    workspace = tmp_path / "wsgi-asgi"
    for folder in ("stage_1/one/shop", "stage_2"):
        (workspace / folder).mkdir(parents=True)
    monkeypatch.chdir(workspace / standing)
    at, _ = place.drawn(SourceLine("shop/views.py", 2), place.project_in(workspace, "stage_1/one"))
    assert at.text == shown
    assert at.link == f"{(workspace / 'stage_1/one/shop/views.py').as_uri()}#2"


def test_what_the_line_says_is_read_as_long_as_it_is_what_was_graded(tmp_path: Path) -> None:
    (tmp_path / "capacity.toml").write_bytes(b"a = 1\n  b = 2\n\xff\n")

    def says(line: int, file: str = "capacity.toml", *, is_as_graded: bool = True) -> str:
        return place.drawn(SourceLine(file, line), Project(tmp_path, tmp_path, is_as_graded))[1]

    assert says(2) == "b = 2"
    assert says(3) == "\ufffd"
    assert says(9) == ""
    assert says(1, "gone.toml") == ""
    assert says(2, is_as_graded=False) == ""


def test_a_link_stands_around_its_text_only_where_it_is_understood() -> None:
    at = place.drawn(SourceLine("a.py", 1), Project(Path("/x"), Path("/x")))[0]
    (plain,), (linked,) = lines(Row(at), 80, colour=False), lines(Row(at), 80, colour=False, links=True)
    assert plain == "  a.py:1"
    assert linked == "  \x1b]8;;file:///x/a.py#1\x1b\\a.py:1\x1b]8;;\x1b\\"


@pytest.mark.parametrize(
    ("environment", "live", "understood"),
    [
        ({}, True, False),
        ({"TERM_PROGRAM": "iTerm.app"}, True, True),
        ({"TERM_PROGRAM": "iTerm.app"}, False, False),
        ({"TERM_PROGRAM": "Apple_Terminal"}, True, False),
        ({"TERM": "xterm-kitty"}, True, True),
        ({"VTE_VERSION": "7200"}, True, True),
        ({"VTE_VERSION": "4200"}, True, False),
        ({"VTE_VERSION": "7200", "TMUX": "/run/tmux"}, True, False),
        ({"VTE_VERSION": "7200", "SSH_CONNECTION": "10.0.0.1 22"}, True, False),
        ({"FORCE_HYPERLINK": "1"}, False, True),
        ({"FORCE_HYPERLINK": "0", "TERM_PROGRAM": "WezTerm"}, True, False),
    ],
)
def test_links_go_to_terminals_that_are_known(environment: dict[str, str], live: bool, understood: bool) -> None:
    assert links.are_understood(environment, live=live) is understood
