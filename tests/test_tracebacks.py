"""checker/harness/tracebacks.py: the learner's own error in what a program has printed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from checker.harness import tracebacks
from course.model import SourceLine

DEEP = """
import json

def inner():
    return json.loads("no")

def outer():
    try:
        inner()
    except ValueError as error:
        raise LookupError("nothing there") from error
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "deep.py").write_text(DEEP)
    (tmp_path / "broken.py").write_text("def f(:\n    pass\n")
    return tmp_path


def said(folder: Path, *arguments: str) -> str:
    done = subprocess.run([sys.executable, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    return done.stderr


def test_the_innermost_line_of_the_project_counts(folder: Path) -> None:
    found = tracebacks.last(said(folder, "-c", "import deep; deep.inner()"), folder)
    assert found is not None
    assert found.error.startswith("json.decoder.JSONDecodeError: ")
    assert found.where is not None
    assert (found.where.file, found.where.line, found.where.function) == ("deep.py", 5, "inner")
    assert found.where.doing == 'return json.loads("no")'
    assert not found.is_of_import


def test_the_first_comes_with_those_it_was_raised_from(folder: Path) -> None:
    text = said(folder, "-c", "import deep; deep.outer()") + "server: bye\n" + said(folder, "-c", "1/0")
    found = tracebacks.first(text, folder)
    assert found is not None
    assert found.error == "LookupError: nothing there"
    last = tracebacks.last(text, folder)
    assert last is not None
    assert (last.error, last.where) == ("ZeroDivisionError: division by zero", None)


@pytest.mark.parametrize("arguments", [("broken.py",), ("-c", "import broken")])
def test_a_syntax_error_has_its_line(folder: Path, arguments: tuple[str, ...]) -> None:
    found = tracebacks.last(said(folder, *arguments), folder)
    assert found is not None
    assert found.error.startswith("SyntaxError: ")
    assert found.where is not None
    assert (found.where.file, found.where.line) == ("broken.py", 1)


def test_a_servers_import_that_failed_is_told_as_one(folder: Path) -> None:
    found = tracebacks.first(said(folder, "-c", "import importlib; importlib.import_module('broken')"), folder)
    assert found is not None
    assert found.is_of_import


@pytest.mark.parametrize("text", ["", "all is well\n", "Traceback (most recent call last):\n  cut off"])
def test_without_a_whole_traceback_there_is_none(tmp_path: Path, text: str) -> None:
    assert tracebacks.first(text, tmp_path) is None
    assert tracebacks.last(text, tmp_path) is None


GROUP = """
import asyncio

async def fails():
    raise ValueError("the first of two")

async def fails_too():
    raise KeyError("the second")

async def main():
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(fails())
        tasks.create_task(fails_too())

asyncio.run(main())
"""


def test_a_group_is_told_by_its_first_error(folder: Path) -> None:
    (folder / "grouped.py").write_text(GROUP)
    text = said(folder, "grouped.py") + "server: bye\n"
    for found in (tracebacks.first(text, folder), tracebacks.last(text, folder)):
        assert found is not None
        assert found.error == "ValueError: the first of two"
        assert found.where is not None
        assert (found.where.line, found.where.function) == (5, "fails")


def test_a_given_file_is_passed_over_for_the_next_line_outward(folder: Path) -> None:
    (folder / "own.py").write_text("import deep\ndeep.inner()\n")
    found = tracebacks.last(said(folder, "own.py"), folder, given={"deep.py"})
    assert found is not None
    assert found.where is not None
    assert (found.where.file, found.where.line) == ("own.py", 2)


NOT_FOUND = """Traceback (most recent call last):
  File "/usr/lib/python3/django/core/handlers/base.py", line 40, in load_middleware
    middleware = import_string(middleware_path)
ModuleNotFoundError: No module named 'shop.tenant'
"""


def test_a_module_that_is_only_named_in_a_setting_has_that_line(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "settings.py").write_text("# 'shop.tenant'\nMIDDLEWARE = [\n    'shop.tenant.Tenant',\n]\n")
    (tmp_path / "shop" / "asgi.py").write_text("from shop.tenant import Tenant\n")
    found = tracebacks.first(NOT_FOUND, tmp_path, given=["shop/asgi.py"])
    assert found is not None
    assert found.where == SourceLine("shop/settings.py", 3, doing="'shop.tenant.Tenant',")


def test_a_frame_of_the_project_comes_before_the_name_of_its_module(tmp_path: Path) -> None:
    (tmp_path / "named.py").write_text("NAME = 'nosuch'\n")
    (tmp_path / "views.py").write_text("import os\nimport nosuch\n")
    found = tracebacks.last(said(tmp_path, "-c", "import views"), tmp_path)
    assert found is not None
    assert found.where == SourceLine("views.py", 2, "<module>", "import nosuch")


def test_a_frame_that_does_not_name_the_module_gives_way_to_the_setting_that_does(tmp_path: Path) -> None:
    (tmp_path / "settings.py").write_text("APPS = ['shop.tenant']\n")
    (tmp_path / "wsgi.py").write_text("application = get_wsgi_application()\n")
    frame = f'  File "{tmp_path}/wsgi.py", line 1, in <module>\n    application = get_wsgi_application()\n  File "/usr'
    found = tracebacks.first(NOT_FOUND.replace('  File "/usr', frame), tmp_path)
    assert found is not None
    assert found.where is not None
    assert (found.where.file, found.where.line) == ("settings.py", 1)


def test_a_module_that_only_a_given_file_names_has_no_line(tmp_path: Path) -> None:
    (tmp_path / "asgi.py").write_text("from shop.tenant import Tenant\n")
    found = tracebacks.first(NOT_FOUND, tmp_path, given=["asgi.py"])
    assert found is not None
    assert found.where is None
