"""An editor: what is opened in it, and what is written for it.

`learn open --json` prints one object, version 1; nothing is opened then:

    {"version": 1, "exercise": "stage_2/blocking_problem", "why": "finding|first|lesson|reference",
     "files": ["/srv/wsgi-asgi/stage_2/blocking_problem/shop/views.py"], "line": 14 or null, "editor": "vim",
     "command": ["vim", "+14", "/srv/wsgi-asgi/stage_2/blocking_problem/shop/views.py"], "waits": true}
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Sequence

from course.learner.editor_files import PYCHARM
from course.learner.editor_settings import Change, Plan
from course.learner.editors import Editor
from course.learner.opening import Target
from course.model import Exercise
from course.view.rows import BLANK, STALE, Block, Row, dim

JSON_VERSION = 1
LABEL_COLUMNS = 7
QUESTION = "  Do it? [y/N] "
SHOWN_OF_A_KIND = 1


def opened(target: Target, files: Sequence[str], editor: str) -> Iterator[Row]:
    """What is opened, and why. `files` are the target's, as one would type them here."""
    line = f":{target.line}" if target.line is not None else ""
    if target.gone:
        yield Row(f"{target.gone}, where the last finding points, is there no more.", label=STALE, label_columns=2)
    for at, file in enumerate(files):
        first = at == 0
        yield Row(
            f"{file}{line if first else ''}",
            label=dim("Open" if first else " "),
            label_columns=LABEL_COLUMNS,
            right=dim(f"{target.why.value}, in {editor}") if first else "",
            whole=True,
        )


def as_json(exercise: Exercise, target: Target, editor: Editor, command: Sequence[str]) -> list[Block]:
    """The same for programs, and the command line."""
    body = {
        "version": JSON_VERSION,
        "exercise": exercise.path,
        "why": target.why.name.lower(),
        "files": [str(file) for file in target.files],
        "line": target.line,
        "editor": editor.name,
        "command": list(command),
        "waits": not editor.in_a_window,
    }
    return [Block(json.dumps(body, ensure_ascii=False), margin=0)]


def plan(planned: Plan) -> Iterator[Row]:
    """Each file with the lines that come and go. Of files that are made alike the first one is shown whole."""
    shown: dict[tuple[str, int], int] = {}
    for change in planned.changes:
        yield Row(change.file, label=dim(_verb(change)), label_columns=LABEL_COLUMNS)
        if change.then is None:
            continue
        kind = (change.file.rpartition(".")[2], len(change.lines))
        shown[kind] = shown.get(kind, 0) + 1
        telling = change.lines if shown[kind] <= SHOWN_OF_A_KIND else _differing(change, planned)
        for line in telling:
            yield Row(dim(line), indent=LABEL_COLUMNS + 2, whole=True)
    for file, why in planned.left.items():
        yield Row(f"{file}: {why}", label=STALE, label_columns=2)
    if planned.changes:
        yield BLANK


def done(planned: Plan) -> Iterator[Row]:
    """That it is done."""
    if planned.undoes:
        yield Row("Taken out again." if planned.changes else "It was taken out before.")
    elif planned.changes:
        yield Row("Written.")
    elif not planned.left:
        yield Row("All of it is there already.")


def then(editor: str, workspace: str, python: str) -> Iterator[Row]:
    """What the learner has to do in the editor. `workspace` is its folder, as one would type it here."""
    yield BLANK
    folder = shlex.quote(workspace)
    if editor == PYCHARM:
        yield _typed("Then", f"PYCHARM_PYTHON_PATH={shlex.quote(python)} pycharm {folder}")
        yield _said(
            "while PyCharm is closed. It keeps interpreters to itself: no file here can name one. Or choose it there:"
        )
        yield _said("Settings, Python, Interpreter, Add Interpreter, Add Local Interpreter, Select existing")
    else:
        yield _typed("Then", f"code {folder}")
        yield _said("this folder, for its settings, and with the extension Python (ms-python.python)")
        yield _said("an interpreter that you have chosen here goes first: Python: Clear Workspace Interpreter Setting")
    yield _typed("Undo", f"learn editor {editor} --remove")


def _verb(change: Change) -> str:
    if change.now is None:
        return "Make"
    return "Remove" if change.then is None else "Edit"


def _differing(change: Change, planned: Plan) -> list[str]:
    """The lines that no other file of the plan has."""
    others = {line for other in planned.changes if other is not change for line in other.lines}
    return [line for line in change.lines if line not in others]


def _typed(label: str, command: str) -> Row:
    return Row(command, label=dim(label), label_columns=LABEL_COLUMNS, whole=True)


def _said(text: str) -> Row:
    return Row(dim(text), label_columns=LABEL_COLUMNS)
