"""`learn editor`: asked for, merged, and undone to the byte. Nothing of the learner's is lost."""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from course.learner import jsonc
from tests.terminal import learn, on_a_terminal

KEY = "python.defaultInterpreterPath"
MINE = '// my own\r\n{\r\n  "editor.tabSize": 3, // odd\r\n  "files.exclude": {"**/x": true,},\r\n}\r\n'
PYCHARMS_LIST = """<?xml version="1.0" encoding="UTF-8"?>
<project version="4">
  <component name="ProjectModuleManager">
    <modules>
      <module fileurl="file://$PROJECT_DIR$/.idea/wsgi-asgi.iml" filepath="$PROJECT_DIR$/.idea/wsgi-asgi.iml" />
    </modules>
  </component>
</project>"""


def tree(folder: Path) -> dict[str, bytes | None]:
    """Every file and folder outside of `.learn`, with its bytes."""
    return {name: content for name, content in _entries(folder) if not name.startswith(".learn")}


def _entries(folder: Path) -> Iterator[tuple[str, bytes | None]]:
    for path in sorted(folder.rglob("*")):
        yield str(path.relative_to(folder)), path.read_bytes() if path.is_file() else None


def settings(folder: Path, text: str | None = None) -> Path:
    """VS Code's settings in the workspace, with this text."""
    file = folder / ".vscode" / "settings.json"
    if text is not None:
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(text.encode())
    return file


def do(folder: Path, editor: str, *words: str) -> str:
    """Run it without a question; returns what it says."""
    shown = learn(folder, "editor", editor, "--yes", *words)
    assert (shown.status, shown.error) == (0, "")
    return shown.out


# --- asking ---


@pytest.mark.parametrize("editor", ["vscode", "pycharm"])
def test_without_a_terminal_nothing_is_written_unless_yes_is_said(folder: Path, editor: str) -> None:
    before = tree(folder)
    shown = learn(folder, "editor", editor)
    assert shown.status == 2
    assert "`--yes`" in shown.error
    assert tree(folder) == before
    do(folder, editor)
    after = tree(folder)
    assert learn(folder, "editor", editor, "--remove").status == 2
    assert tree(folder) == after


def test_it_shows_what_it_would_write_and_asks(folder: Path) -> None:
    settings(folder, MINE)
    no = on_a_terminal(folder, "editor", "vscode", typed="n\n", NO_COLOR="1")
    assert no.status == 1
    assert f'+  "{KEY}": "{sys.executable}",' in no.out
    assert "editor.tabSize" not in no.out
    assert settings(folder).read_bytes() == MINE.encode()
    yes = on_a_terminal(folder, "editor", "vscode", typed="y\n", NO_COLOR="1")
    assert yes.status == 0
    assert jsonc.values(settings(folder).read_text())[KEY] == sys.executable


def test_an_unknown_editor_is_told_which_there_are(folder: Path) -> None:
    shown = learn(folder, "editor", "emacs", "--yes")
    assert shown.status == 2
    assert "vscode, pycharm" in shown.error


def test_the_shell_completes_the_editors(tmp_path: Path) -> None:
    shown = learn(tmp_path, _LEARN_COMPLETE="complete_bash", COMP_WORDS="learn editor p", COMP_CWORD="2")
    assert shown.out.split() == ["pycharm"]


# --- and back ---


@pytest.mark.parametrize("editor", ["vscode", "pycharm"])
def test_what_was_made_goes_again_with_its_folder(folder: Path, editor: str) -> None:
    before = tree(folder)
    do(folder, editor)
    assert "there already" in do(folder, editor)
    do(folder, editor, "--remove")
    assert tree(folder) == before
    again = learn(folder, "editor", editor, "--yes", "--remove")
    assert again.status == 2
    assert "nothing was written here" in again.error


def test_from_an_exercises_folder_the_workspace_is_meant(folder: Path) -> None:
    do(folder / "stage_1" / "greeting", "vscode")
    assert json.loads(settings(folder).read_text()) == {KEY: sys.executable}


@pytest.mark.parametrize("text", [MINE, "", "{}", '{"a": 1}', "\ufeff{\n}\n"])
def test_settings_of_the_learners_come_back_to_the_byte(folder: Path, text: str) -> None:
    file = settings(folder, text)
    file.chmod(0o640)
    before = tree(folder)
    do(folder, "vscode")
    assert jsonc.values(file.read_text(encoding="utf-8"))[KEY] == sys.executable
    do(folder, "vscode", "--remove")
    assert tree(folder) == before
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


@pytest.mark.parametrize("text", [MINE, None])
def test_of_settings_that_were_edited_since_ours_alone_is_taken_out(folder: Path, text: str | None) -> None:
    file = settings(folder, text)
    do(folder, "vscode")
    ours = file.read_bytes().decode()
    edited = ours.replace('python"', 'python",\n  "new": [1] // mine') if text is None else ours + "// the end\n"
    file.write_bytes(edited.encode())
    do(folder, "vscode", "--remove")
    assert file.read_bytes().decode() == ('{\n  "new": [1] // mine\n}\n' if text is None else MINE + "// the end\n")


def test_what_the_learner_took_out_does_not_come_back(folder: Path) -> None:
    file = settings(folder, '{"a": 1}')
    do(folder, "vscode")
    file.write_text(file.read_text().replace('"a": 1', ""))
    do(folder, "vscode", "--remove")
    assert jsonc.values(file.read_text()) == {}


def test_an_interpreter_that_the_learner_has_set_stays(folder: Path) -> None:
    file = settings(folder, f'{{"{KEY}": "/my/python"}}')
    shown = learn(folder, "editor", "vscode", "--yes")
    assert shown.status == 1
    assert f"it has its own {KEY}: /my/python" in " ".join(shown.out.split())
    assert file.read_text() == f'{{"{KEY}": "/my/python"}}'
    assert learn(folder, "editor", "vscode", "--yes", "--remove").status == 2


def test_one_that_the_learner_changed_since_is_theirs(folder: Path) -> None:
    file = settings(folder)
    do(folder, "vscode")
    file.write_text(file.read_text().replace(sys.executable, "/my/python"))
    do(folder, "vscode", "--remove")
    assert json.loads(file.read_text()) == {KEY: "/my/python"}


def test_the_course_in_another_place_is_written_anew_and_undone_to_the_first(folder: Path) -> None:
    file = settings(folder, MINE)
    do(folder, "vscode")
    # As if the course had been installed elsewhere then.
    record = folder / ".learn" / "editors" / "vscode.json"
    for path in (file, record):
        path.write_bytes(path.read_bytes().replace(sys.executable.encode(), b"/old/python"))
    do(folder, "vscode")
    assert jsonc.values(file.read_text())[KEY] == sys.executable
    do(folder, "vscode", "--remove")
    assert file.read_bytes() == MINE.encode()


@pytest.mark.parametrize("content", [b"{ no JSON", b'{"a": 1, "a": 2}', b'{"a": "\xff"}'])
def test_settings_that_are_not_understood_are_left_and_it_says_what_to_add(folder: Path, content: bytes) -> None:
    file = settings(folder, "{}")
    file.write_bytes(content)
    shown = learn(folder, "editor", "vscode", "--yes")
    assert shown.status == 2
    assert ("cannot be read: it is not UTF-8" if b"\xff" in content else f'"{KEY}": "') in " ".join(shown.error.split())
    assert file.read_bytes() == content


def test_settings_that_are_not_understood_any_more_are_left_too(folder: Path) -> None:
    file = settings(folder, MINE)
    do(folder, "vscode")
    whole = file.read_bytes()
    file.write_bytes(whole + b"}")
    shown = learn(folder, "editor", "vscode", "--yes", "--remove")
    assert shown.status == 2
    assert f'Take out by hand: "{KEY}"' in " ".join(shown.error.split())
    file.write_bytes(whole)
    do(folder, "vscode", "--remove")
    assert file.read_bytes() == MINE.encode()


def test_a_link_is_written_through(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "dotfiles.json").write_text("{}")
    settings(folder, "")
    settings(folder).unlink()
    settings(folder).symlink_to(tmp_path / "dotfiles.json")
    do(folder, "vscode")
    assert json.loads((tmp_path / "dotfiles.json").read_text()) == {KEY: sys.executable}
    do(folder, "vscode", "--remove")
    assert settings(folder).is_symlink()
    assert (tmp_path / "dotfiles.json").read_text() == "{}"


@pytest.mark.parametrize("kind", ["folder", "pipe", "file above"])
def test_odd_things_in_the_place_of_a_file_are_told(folder: Path, kind: str) -> None:
    file = settings(folder)
    if kind == "file above":
        file.parent.write_text("mine")
    else:
        file.parent.mkdir()
        (os.mkfifo if kind == "pipe" else os.mkdir)(file)
    shown = learn(folder, "editor", "vscode", "--yes")
    assert shown.status == 2
    assert ".vscode" in shown.error


# --- PyCharm ---


def test_each_exercise_becomes_a_module_of_its_own(folder: Path) -> None:
    out = do(folder, "pycharm")
    assert f"PYCHARM_PYTHON_PATH={sys.executable} pycharm ." in out
    listed = [found.get("filepath", "") for found in ET.parse(folder / ".idea" / "modules.xml").iter("module")]  # noqa: S314
    assert listed == [f"$PROJECT_DIR$/.idea/{name}.iml" for name in ("greeting", "hello")]
    (content,) = ET.parse(folder / ".idea" / "greeting.iml").iter("content")  # noqa: S314
    assert content.get("url") == "file://$MODULE_DIR$/stage_1/greeting"


def test_a_list_of_pycharms_gets_ours_and_loses_them_again(folder: Path) -> None:
    (folder / ".idea").mkdir()
    listed = folder / ".idea" / "modules.xml"
    listed.write_text(PYCHARMS_LIST)
    before = tree(folder)
    do(folder, "pycharm")
    assert len(list(ET.parse(listed).iter("module"))) == 3  # noqa: S314
    whole = listed.read_text()
    do(folder, "pycharm", "--remove")
    assert tree(folder) == before
    # Edited in between, and with a file of PyCharm's own beside it.
    do(folder, "pycharm")
    assert listed.read_text() == whole
    listed.write_text(whole.replace("</project>", "<!-- mine --></project>"))
    (folder / ".idea" / "misc.xml").write_text("<project/>")
    do(folder, "pycharm", "--remove")
    assert listed.read_text() == PYCHARMS_LIST.replace("</project>", "<!-- mine --></project>")
    assert sorted(path.name for path in (folder / ".idea").iterdir()) == ["misc.xml", "modules.xml"]


def test_a_module_that_was_edited_since_stays_and_it_says_so(folder: Path) -> None:
    do(folder, "pycharm")
    module = folder / ".idea" / "greeting.iml"
    module.write_text(module.read_text() + "<!-- mine -->")
    assert ".idea/greeting.iml: edited since it was written; it stays" in do(folder, "pycharm", "--remove")
    assert [path.name for path in (folder / ".idea").iterdir()] == ["greeting.iml"]
    shown = learn(folder, "editor", "pycharm", "--yes")
    assert shown.status == 1
    assert ".idea/greeting.iml: a file of yours has this name" in shown.out
