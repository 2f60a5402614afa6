"""checker/harness/lines.py: the line of a learner's file that a finding points at."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from checker.harness.lines import STATEMENT_CHARACTERS, line_matching, line_with, own_code, own_line, whole_statement
from course.model import SourceLine
from tests.running import running

SETTINGS = '''"""Settings: MIDDLEWARE and what it needs."""

# MIDDLEWARE = []
MIDDLEWARE = [
    "shop.middleware.Tenant",  # the first
]
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "settings.py").write_text(SETTINGS)
    return tmp_path


def test_the_first_line_of_code_that_holds_the_text_counts(folder: Path) -> None:
    assert line_with(folder, "settings.py", "MIDDLEWARE") == SourceLine("settings.py", 4, doing="MIDDLEWARE = [")
    tenant = line_with(folder, "settings.py", "Tenant")
    assert tenant is not None
    assert tenant.line == 5


def test_patterns_are_tried_in_their_order(folder: Path) -> None:
    found = line_matching(folder, "settings.py", [r"DATABASES\b", r"\s*\]", r"MIDDLEWARE"])
    assert found is not None
    assert found.line == 6


def test_without_such_a_line_or_file_there_is_no_place(folder: Path) -> None:
    assert line_with(folder, "settings.py", "DATABASES") is None
    assert line_with(folder, "urls.py", "path(") is None


def test_a_line_that_only_begins_a_statement_says_all_of_it(folder: Path) -> None:
    place = whole_statement(folder, SourceLine("settings.py", 4, doing="MIDDLEWARE = ["))
    assert place == SourceLine("settings.py", 4, doing='MIDDLEWARE = ["shop.middleware.Tenant"]')
    assert whole_statement(folder, SourceLine("settings.py", 4)) == place


@pytest.mark.parametrize(
    "where",
    [
        SourceLine("settings.py", 5, doing='"shop.middleware.Tenant",  # the first'),
        SourceLine("settings.py", 4, doing="what the check says of it"),
        SourceLine("gone.py", 1),
        SourceLine("web.service", 4),
    ],
)
def test_any_other_line_stays_as_it_is(folder: Path, where: SourceLine) -> None:
    assert whole_statement(folder, where) == where


def test_a_statement_with_a_body_is_told_by_its_first_line(folder: Path) -> None:
    (folder / "views.py").write_text("def report(\n    request,\n):\n    pass\n")
    assert whole_statement(folder, where := SourceLine("views.py", 1, doing="def report(")) == where


def test_a_long_statement_is_cut(folder: Path) -> None:
    (folder / "views.py").write_text("NAMES = [\n" + "    'a name',\n" * 100 + "]\n")
    said = whole_statement(folder, SourceLine("views.py", 1)).doing
    assert said.startswith("NAMES = ['a name', 'a name', ")
    assert said.endswith("…")
    assert len(said) == STATEMENT_CHARACTERS


def test_own_code_is_what_the_learner_wrote_and_no_words(tmp_path: Path) -> None:
    files = {"given.py": "A = 1\n", "b.py": '"""Mine."""\n\n# mine, too\nB = 1\n', "shop/asgi.py": "application = B\n"}
    with running(tmp_path, files) as run:
        code = list(own_code(replace(run, given=frozenset(["given.py"])), "shop/asgi.py"))
    assert code == [SourceLine("shop/asgi.py", 1, doing="application = B"), SourceLine("b.py", 4, doing="B = 1")]


def test_an_own_line_is_of_the_first_pattern_that_is_found(tmp_path: Path) -> None:
    files = {"a.py": "x = 1\ny = 2\n", "shop/migrations/0001.py": "z = 3\n", "shop/asgi.py": "y = 4\n"}
    with running(tmp_path, files) as run:
        assert own_line(run, "shop/asgi.py", "z = ", "y = ") == SourceLine("shop/asgi.py", 1, doing="y = 4")
        assert own_line(run, "shop/asgi.py", "x = ", "y = ") == SourceLine("a.py", 1, doing="x = 1")
        assert own_line(run, "shop/asgi.py", "z = ") is None
