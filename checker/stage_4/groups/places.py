"""The line at fault in the learner's code, where a search can know it: the only one that does such a thing."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from checker.harness.learner_files import text_of, tree_of
from course.model import SourceLine

_MAKERS = frozenset({"set", "dict", "list", "defaultdict", "Counter", "WeakSet"})
_SPAWNERS = frozenset({"create_task", "ensure_future", "Thread", "Timer", "submit", "call_later"})
_TIDIERS = frozenset(
    {"strip", "lstrip", "rstrip", "lower", "casefold", "upper", "slugify", "normalize", "sub", "replace", "translate"}
)
_PUTS = frozenset({"zadd", "sadd", "hset", "hsetnx", "hincrby", "zincrby", "set", "lpush", "rpush"})
_EXPIRY = r"\.(p?expire(at)?|p?setex)\(|\b(ex|px|exat|pxat)="
# What makes an entry end, or leaves out the old when it is read. A roll call keeps no entries.
_ENDS = re.compile(r"expire|setex|byscore|zcount|\b(ex|px|exat|pxat)=", re.IGNORECASE)
_BY_AGE = re.compile(r"byscore|zcount", re.IGNORECASE)


def only_line(project: Path, pattern: str) -> SourceLine | None:
    """The one line of the project that matches; None where none does, or several."""
    places = [
        SourceLine(str(file.relative_to(project)), number, "", line.strip())
        for file in sorted(project.rglob("*.py"))
        for number, line in enumerate(lines(file), 1)
        if re.search(pattern, line) and not line.lstrip().startswith("#")
    ]
    return places[0] if len(places) == 1 else None


def answer(project: Path, *keys: str) -> SourceLine | None:
    """Where an object with these keys is made."""
    return _only(project, lambda tree: (n for n in ast.walk(tree) if isinstance(n, ast.Dict) and _has_keys(n, keys)))


def error_told(project: Path, answer: Mapping[str, Any]) -> SourceLine | None:
    """Where the text of this answer's error is written."""
    told = answer.get("error")
    return only_line(project, re.escape(told)) if isinstance(told, str) and told else None


def sorting(project: Path) -> SourceLine | None:
    """Where something is put in order."""
    return _only(project, lambda tree: (n for n in ast.walk(tree) if _called(n) in {"sort", "sorted"}))


def shared_by_sockets(project: Path) -> SourceLine | None:
    """A set, dict or list in the body of a class: one for all its instances."""
    return _only(
        project,
        lambda tree: (s for n in ast.walk(tree) if isinstance(n, ast.ClassDef) for s in n.body if _makes_one(s)),
    )


def told(shared: SourceLine | None) -> str:
    """What a finding says of the line of `shared_by_sockets`; nothing without one."""
    return f"\n`{shared.doing}` stands in the class: all sockets of the process share it" if shared else ""


def kept_in_memory(project: Path) -> SourceLine | None:
    """A set, dict or list of a module: each process has its own. Those of settings.py hold no sockets."""
    return _only(project, lambda tree: (s for s in tree.body if _makes_one(s)), but="settings.py")


def spawned(project: Path, file: str) -> SourceLine | None:
    """Where this file starts something that nobody waits for."""
    return _only(project, lambda tree: (n for n in ast.walk(tree) if _called(n) in _SPAWNERS), file=file)


def closed_without_code(project: Path) -> SourceLine | None:
    """`self.close()`."""
    return _only(
        project,
        lambda tree: (
            n
            for n in ast.walk(tree)
            if isinstance(n, ast.Call) and _called(n) == "close" and not n.args and not n.keywords
        ),
    )


def tidied(project: Path) -> SourceLine | None:
    """Where a text becomes one that others can become too: without its blanks, its case, its accents, its end."""
    return _only(project, lambda tree: (n for n in ast.walk(tree) if _called(n) in _TIDIERS or _is_cut(n)))


def compared_users(project: Path) -> SourceLine | None:
    """Where it is asked whether two users are the same."""
    return _only(project, lambda tree: (n for n in ast.walk(tree) if _compares_users(n)))


def answered_with(project: Path, view: str, status: int) -> SourceLine | None:
    """Where this view answers with this status."""
    return _only(project, lambda tree: (n for n in _in_function(tree, view) if _has_status(n, status)), file="views.py")


def sent_to_one(project: Path, view: str) -> SourceLine | None:
    """Where this view sends to a single channel."""
    return _only(project, lambda tree: (n for n in _in_function(tree, view) if _called(n) == "send"), file="views.py")


def kept_for_good(project: Path) -> SourceLine | None:
    """Where an entry is put into Valkey, in a project of which no line makes any end."""
    if any(_ENDS.search(line) for file in sorted(project.rglob("*.py")) for line in lines(file)):
        return None
    return _only(project, lambda tree: (n for n in ast.walk(tree) if _puts_entry(n)))


def never_renewed(project: Path) -> SourceLine | None:
    """Where a key is given its expiry, in a project that starts no task or thread which could put it off."""
    trees = [tree_of(file) for file in sorted(project.rglob("*.py"))]
    if any(_called(node) in _SPAWNERS for tree in trees for node in ast.walk(tree)):
        return None
    return expiry(project)


def expiry(project: Path) -> SourceLine | None:
    """Where a key is given its expiry."""
    return only_line(project, _EXPIRY)


def drops_by_age(project: Path) -> bool:
    """Whether entries are dropped, or left out, by their score: then a key's expiry only tidies up."""
    return any(_BY_AGE.search(line) for file in sorted(project.rglob("*.py")) for line in lines(file))


def lines(file: Path) -> list[str]:
    """The file's lines; odd bytes do no harm, and what cannot be read has none."""
    return text_of(file).splitlines()


def _only(
    project: Path, found: Callable[[ast.Module], Iterator[ast.AST]], *, file: str = "*.py", but: str = ""
) -> SourceLine | None:
    places = []
    for path in sorted(project.rglob(file)):
        if path.name == but:
            continue
        numbers = {int(node.lineno) for node in found(tree_of(path))}  # type: ignore[attr-defined]  # calls, statements
        name, written = str(path.relative_to(project)), lines(path)
        places += [SourceLine(name, number, "", written[number - 1].strip()) for number in numbers]
    return places[0] if len(places) == 1 else None


def _in_function(tree: ast.Module, name: str) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == name:
            yield from ast.walk(node)


def _puts_entry(node: ast.AST) -> bool:
    """A key and what belongs there: `set(rooms)` is Python's."""
    return isinstance(node, ast.Call) and _called(node) in _PUTS and len(node.args) + len(node.keywords) > 1


def _is_cut(node: ast.AST) -> bool:
    """`digest(text)[:80]`. A plain name may be cut to show it, such as the title in the text of an error."""
    if not isinstance(node, ast.Subscript) or isinstance(node.value, ast.Name):
        return False
    return isinstance(node.slice, ast.Slice) and isinstance(node.slice.upper, ast.Constant)


def _compares_users(node: ast.AST) -> bool:
    """`event["user"] != self.user_name`."""
    if not isinstance(node, ast.Compare) or not isinstance(node.ops[0], (ast.Eq, ast.NotEq)):
        return False
    return any("user" in ast.unparse(side) for side in (node.left, *node.comparators))


def _has_status(node: ast.AST, status: int) -> bool:
    given = node.keywords if isinstance(node, ast.Call) else ()
    return any(each.arg == "status" and ast.unparse(each.value) == str(status) for each in given)


def _has_keys(node: ast.Dict, keys: tuple[str, ...]) -> bool:
    return {each.value for each in node.keys if isinstance(each, ast.Constant)} >= set(keys)


def _makes_one(statement: ast.stmt) -> bool:
    value = statement.value if isinstance(statement, (ast.Assign, ast.AnnAssign)) else None
    if isinstance(value, (ast.Dict, ast.List)):
        return not (value.keys if isinstance(value, ast.Dict) else value.elts)
    return value is not None and _called(value) in _MAKERS


def _called(node: ast.AST) -> str:
    """The last name of what this calls; "" where it is no call."""
    function = node.func if isinstance(node, ast.Call) else None
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""
