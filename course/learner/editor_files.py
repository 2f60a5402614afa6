"""What an editor needs to find Django and an exercise's packages: files of the workspace, put in and taken out again.

VS Code: the interpreter. Its language server (Pylance, Pyright) finds an exercise's packages by itself, from the folder
of the file that imports them upwards. No `extraPaths`: several exercises have a package of one name (`shop`), and all
but the first one would be led to another exercise's.

PyCharm: a module for each exercise, so that each has its own roots, for the same reason. Interpreters are kept in
PyCharm's own settings: no file of a project can make one. A module stored in .idea/ counts its paths from the project's
folder (JetBrains, PathMacroUtil.getModuleDir), and inherits the project's interpreter.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from course.learner import jsonc
from course.model import Course

VSCODE, PYCHARM = "vscode", "pycharm"
NAMES = {VSCODE: "VS Code", PYCHARM: "PyCharm"}
_INTERPRETER = "python.defaultInterpreterPath"


class Unmergeable(Exception):
    """The file cannot be changed safely; says why, and what to do in it by hand."""

    def __init__(self, why: str, by_hand: str) -> None:
        super().__init__(why)
        self.why = why
        self.by_hand = by_hand


class Part(Protocol):
    """One file, relative to the workspace, and what of it is ours. A text of None stands for no file."""

    @property
    def file(self) -> str:
        """Its path."""

    def put(self, text: str | None) -> str:
        """The text with ours in it; as it was, where it has that or another in its place. Raises Unmergeable."""

    def take(self, text: str, written: str) -> str:
        """The text without what of ours stood in `written`, the text as it once was made. Raises Unmergeable."""

    def is_blank(self, text: str) -> bool:
        """Whether nothing of anybody's is in the text."""

    def instead(self, text: str) -> str:
        """What of the learner's stands in the place of ours; "" where ours is in the text."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Members of a JSON file with comments."""

    file: str
    members: Mapping[str, Any]

    def put(self, text: str | None) -> str:
        """Those that are missing; what the learner has set stays."""
        try:
            known = jsonc.values(text or "")
            new = {name: value for name, value in self.members.items() if name not in known}
            return jsonc.added(text or "", new) if new or text is None else text
        except jsonc.Unclear as error:
            lines = "\n".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in self.members.items())
            raise Unmergeable(str(error), f"Add by hand, inside its outermost braces:\n{lines}") from error

    def take(self, text: str, written: str) -> str:
        """Without the members as they were written; one that has another value by now is the learner's."""
        try:
            once = jsonc.values(written)
            return jsonc.without(text, {name: once[name] for name in self.members if name in once})
        except jsonc.Unclear as error:
            names = ", ".join(f'"{name}"' for name in self.members)
            raise Unmergeable(str(error), f"Take out by hand: {names}") from error

    def is_blank(self, text: str) -> bool:
        """No member, no comment."""
        return jsonc.is_blank(text)

    def instead(self, text: str) -> str:
        """The first member that has another value."""
        known = jsonc.values(text)
        others = (name for name, value in self.members.items() if known.get(name) != value)
        return next((f"it has its own {name}: {known.get(name)}" for name in others), "")


@dataclass(frozen=True, slots=True)
class Modules:
    """PyCharm's list of modules, by the paths of their .iml files."""

    file: str
    modules: tuple[str, ...]

    def put(self, text: str | None) -> str:
        """Those that are missing, at the end."""
        text = _EMPTY_LIST if text is None else text
        new = [element for module in self.modules if (element := _element(module)) not in text]
        if not new:
            return text
        head, mark, tail = text.rpartition("</modules>")
        if not mark or text.count("</modules>") > 1:
            raise Unmergeable("it has no list of modules", "Close PyCharm and delete this file: PyCharm makes it anew.")
        newline = "\r\n" if "\r\n" in text else "\n"
        before = head.rstrip(" \t")
        lines = "".join(f"      {element}{newline}" for element in new)
        return before + lines + head[len(before) :] + mark + tail

    def take(self, text: str, written: str) -> str:
        """Without those that were put in."""
        ours = {element for module in self.modules if (element := _element(module)) in written}
        return "".join(line for line in text.splitlines(keepends=True) if line.strip() not in ours)

    def is_blank(self, text: str) -> bool:
        """No module."""
        return "<module " not in text

    def instead(self, text: str) -> str:
        """Nothing ever: there is room for all modules."""
        return "" if all(_element(module) in text for module in self.modules) else "it lacks a module"


@dataclass(frozen=True, slots=True)
class Own:
    """A file that is ours whole, unless the learner has one of that name."""

    file: str
    content: str = field(repr=False)

    def put(self, text: str | None) -> str:
        """Ours where there is none."""
        return self.content if text is None else text

    def take(self, text: str, written: str) -> str:
        """All of it, as long as nobody has edited it."""
        return "" if text == written else text

    def is_blank(self, text: str) -> bool:
        """Nothing at all."""
        return not text

    def instead(self, text: str) -> str:
        """Another content."""
        return "" if text == self.content else "a file of yours has this name"


_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
_EMPTY_LIST = f"""{_XML}<project version="4">
  <component name="ProjectModuleManager">
    <modules>
    </modules>
  </component>
</project>
"""


def parts(editor: str, course: Course) -> tuple[Part, ...]:
    """What this editor gets in a workspace."""
    if editor == VSCODE:
        return (Settings(".vscode/settings.json", {_INTERPRETER: sys.executable}),)
    modules = {f".idea/{exercise.name}.iml": exercise.path for exercise in course.exercises if exercise.written}
    # The list last: it names the others.
    return (*(Own(file, _module(path)) for file, path in modules.items()), Modules(".idea/modules.xml", tuple(modules)))


def _element(module: str) -> str:
    path = f"$PROJECT_DIR$/{module}"
    return f'<module fileurl="file://{path}" filepath="{path}" />'


def _module(exercise: str) -> str:
    return f"""{_XML}<module type="PYTHON_MODULE" version="4">
  <component name="NewModuleRootManager">
    <content url="file://$MODULE_DIR$/{exercise}" />
    <orderEntry type="inheritedJdk" />
    <orderEntry type="sourceFolder" forTests="false" />
  </component>
</module>
"""
