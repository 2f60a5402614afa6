"""The page *What a check may use*, made from the docstrings: `python -m checker.reference >checker/README.md`.

A test holds the page to be what comes out here, and every module of the harness to be on it or in NOT_FOR_CHECKS.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
PAGE = HERE / "README.md"
HEAD = """\
# What a check may use

Made from the docstrings; `make page` writes it anew. A check is a function `test_...` in
`checker/STAGE/NAME/test_*.py`, and its docstring is the line on the learner's screen. It takes fixtures by
name, imports the rest, and reads like the lesson's promise. Names keep one rule: `expect_...` ends the
check with a finding when it is not so, `judge_...` and `fail_as_...` look for the cause once something is
wrong, `wait_...` waits and says whether it came, another verb (`start`, `join`, `ask`) does what it says, and
ends the check only when that fails. A noun reads what is there, and neither waits nor judges.
"""
SECTIONS = {
    "Fixtures": ("fixtures", "harness/starters"),
    "Ending a check": (
        "harness/findings",
        "harness/suite",
        "harness/diagnosis",
        "harness/tracebacks",
        "harness/unawaited",
        "harness/task_lines",
        "harness/difference",
    ),
    "The learner's files": ("harness/given", "harness/learner_files", "harness/lines"),
    "Waiting": ("harness/waiting", "harness/idle"),
    "Drawn data": ("harness/seed",),
    "Servers": (
        "harness/site",
        "harness/server",
        "harness/stand",
        "harness/servers/*",
        "harness/gunicorn/*",
        "harness/probed",
    ),
    "Requests and sockets": ("harness/http", "harness/websocket", "harness/deaf", "harness/bounds", "harness/traffic"),
    "The Gate": ("harness/gate",),
    "What happened": ("harness/history", "harness/events"),
    "Programs and processes": (
        "harness/program",
        "harness/processes",
        "harness/descendants",
        "harness/log",
        "harness/signals",
    ),
    "Units and images": ("harness/systemd/*", "harness/containers/*", "harness/deployment/*"),
    "Pictures": ("harness/picture",),
}
# What runs the checks, and what the above is made of.
NOT_FOR_CHECKS = (
    "calibration",
    "conversation",
    "folding",
    "gate_page",
    "guard",
    "memory",
    "open_files",
    "run",
    "service",
    "zygote",
    "stack",
    "timeline",
)


def page() -> str:
    """The whole page, in Markdown."""
    parts = [HEAD]
    for title, patterns in SECTIONS.items():
        parts.append(f"\n## {title}\n")
        parts += [_module(file) for pattern in patterns for file in _files(pattern)]
    return "".join(parts)


def missing() -> set[str]:
    """The harness's modules that are neither on the page nor in NOT_FOR_CHECKS."""
    told = {file for patterns in SECTIONS.values() for pattern in patterns for file in _files(pattern)}
    known = {HERE / "harness" / f"{name}.py" for name in NOT_FOR_CHECKS} | told
    modules = {
        file for file in (HERE / "harness").rglob("*.py") if file.name != "__init__.py" and "inside" not in file.parts
    }
    return {str(file.relative_to(HERE)) for file in modules - known}


def _files(pattern: str) -> list[Path]:
    return sorted(file for file in HERE.glob(f"{pattern}.py") if file.name != "__init__.py")


def _module(file: Path) -> str:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    name = ".".join(("checker", *file.relative_to(HERE).with_suffix("").parts))
    told = "\n\n".join(" ".join(part.split()) for part in (ast.get_docstring(tree) or "").split("\n\n"))
    lines = [f"\n### `{name}`\n\n{told}\n"]
    if constants := [each for node in tree.body if (each := _constant(node))]:
        lines.append(f"\n{', '.join(constants)}\n")
    entries = [entry for node in tree.body for entry in _entries(node)]
    return "".join([*lines, *(["\n", *entries] if entries else [])])


def _entries(node: ast.stmt) -> Iterator[str]:
    """A list item for a public function or class, and one below it for each public thing of the class."""
    if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
        yield f"- `{_call(node)}`: {_first(node)}\n"
    elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
        yield f"- **`{node.name}`**: {_first(node)}\n"
        if kinds := [each for statement in node.body if (each := _constant(statement))]:
            yield f"  - {', '.join(kinds)}\n"
        members = [each for each in node.body if isinstance(each, ast.FunctionDef) and ast.get_docstring(each)]
        for member in members:
            if not member.name.startswith("_"):
                yield f"  - `{_call(member)}`: {_first(member)}\n"


def _call(node: ast.FunctionDef) -> str:
    """The name with its parameters, as they are passed; a property and a fixture have none."""
    decorators = {ast.unparse(each).partition("(")[0] for each in node.decorator_list}
    if decorators & {"property", "pytest.fixture", "cached_property"}:
        return node.name
    arguments = node.args
    for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
        each.annotation = None
    for star in (arguments.vararg, arguments.kwarg):
        if star:
            star.annotation = None
    arguments.args = [each for each in arguments.args if each.arg not in {"self", "cls"}]
    comes = "" if node.returns is None else f" -> {ast.unparse(node.returns)}"
    return f"{node.name}({ast.unparse(arguments)}){comes}"


def _constant(node: ast.stmt) -> str:
    """A public constant with its value, where that is a number or a text."""
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=value)) if not name.startswith("_"):
            return f"`{name} = {value!r}`"
    return ""


def _first(node: ast.Module | ast.ClassDef | ast.FunctionDef) -> str:
    """The docstring's first paragraph, in one line."""
    return " ".join((ast.get_docstring(node) or "").split("\n\n")[0].split())


if __name__ == "__main__":
    sys.stdout.write(page())
