"""The learner's lines that findings point at, found by what stands in them. Runs nothing: reads their source."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from checker.harness.learner_files import text_of, tree_of
from course.model import SourceLine

WSGI_FILE = "shop/wsgi.py"
INSPECTOR_FILE = "inspect_wsgi.py"
CODE = r"^\s*(?!#).*"

# What stands in the lines that a finding may be about, the likeliest first.
SETS_PATH = (rf"{CODE}path.*\.(?:en|de)code\(", rf"{CODE}PATH_INFO['\"]?\]?\s*[:=](?!=)", rf"{CODE}shift_path_info")
SETS_SCRIPT_NAME = (rf"{CODE}SCRIPT_NAME['\"]?\]?\s*[:=](?!=)", *SETS_PATH)
MATCHES_SHOP = (rf"{CODE}(?:startswith|removeprefix)\(", rf"{CODE}==\s*['\"]/?shop", rf"{CODE}['\"]/?shop")
MATCHES_HEALTH = (rf"{CODE}healthz",)
MAKES_A_HANDLER = (
    r"\s+(?!#).*(?:WSGIHandler|get_wsgi_application)\(",
    rf"{CODE}(?:WSGIHandler|get_wsgi_application)\(",
)
SHARES = (r"\s+global\b", r"\s+(?!#).*\.update\(", r"\w+\s*(?::[^=]*)?=\s*(?:\{\}|\[\]|dict\(\))")
ASKS_DATABASE = (rf"{CODE}\bconnections?\b",)
TAKES_CHUNKS = (rf"{CODE}\bnext\(", rf"{CODE}\.join\(", rf"{CODE}\blist\(", rf"{CODE}\.append\(")
COLLECTS = (rf"{CODE}\.join\(", rf"{CODE}\b(?:list|tuple|sorted)\(", rf"{CODE}\.(?:append|extend)\(")
HANDS_OVER = (r"\s+(?!#).*\byield from\b", r"\s+for\b", rf"{CODE}\bfor .* in\b", r"\s+return\b")
CLOSES = (rf"{CODE}\.close\(",)
STARTS = (r"\s+(?!#).*\bexc_info\b.*:\s*$", r"\s+(?!#).*raise\b", rf"{CODE}def start_response")
NAMES_A_URLCONF = (rf"{CODE}import_module\(", rf"{CODE}shop\.urls")


@dataclass(frozen=True, slots=True)
class Source:
    """What the learner has written in this project; lines of `given` files are not theirs."""

    project: Path
    given: Collection[str] = ()

    def line(self, *patterns: str, file: str = "", within: SourceLine | None = None) -> SourceLine | None:
        """The first line that the first of these patterns matches that matches any; None when none does.

        Looks into `file`, or into the callable's file and those that were added. `within` is a line that begins a
        function: only its body counts.
        """
        only = within.file if within else file
        for pattern in patterns:
            for name in [only] if only else self._files():
                for number, text in self._lines(name, within):
                    if re.match(pattern, text, re.IGNORECASE):
                        return SourceLine(name, number, "", text.strip())
        return None

    @property
    def callable(self) -> SourceLine | None:
        """The line that defines `application`."""
        return application_in(self.project / WSGI_FILE)

    def _files(self) -> Iterator[str]:
        yield WSGI_FILE
        for path in sorted(self.project.rglob("*.py")):
            name = path.relative_to(self.project).as_posix()
            if name not in (WSGI_FILE, INSPECTOR_FILE, "manage.py", *self.given):
                yield name

    def _lines(self, name: str, within: SourceLine | None) -> Iterator[tuple[int, str]]:
        source = text_of(self.project / name)
        first, last, words = 1, source.count("\n") + 1, set[int]()
        for node in ast.walk(tree_of(self.project / name)):
            if isinstance(node, ast.stmt) and _is_no_code(node):
                words |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
            if within is not None and isinstance(node, ast.FunctionDef) and node.lineno == within.line:
                first, last = node.body[0].lineno, node.end_lineno or last
        for number, text in enumerate(source.splitlines(), 1):
            if first <= number <= last and number not in words:
                yield number, text


def application_in(file: Path) -> SourceLine | None:
    """The line of this file that defines the name `application`."""
    for node in tree_of(file).body:
        names: list[str] = []
        match node:
            case ast.FunctionDef() | ast.ClassDef():
                names = [node.name]
            case ast.Assign():
                names = [target.id for target in node.targets if isinstance(target, ast.Name)]
            case ast.AnnAssign(target=ast.Name(id=name)):
                names = [name]
        if "application" in names:
            doing = "".join(text_of(file).splitlines()[node.lineno - 1 : node.lineno]).strip()
            return SourceLine(WSGI_FILE, node.lineno, "", doing)
    return None


def _is_no_code(node: ast.stmt) -> bool:
    """Whether it is an import, or a docstring or another text that stands for itself."""
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    return is_text or isinstance(node, ast.Import | ast.ImportFrom)
