"""The line of a desk that a finding can be laid to by reading its code: the only one of its kind, or none at all."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

from checker.harness.learner_files import text_of, tree_of
from course.model import SourceLine

Find = Callable[[Path, Collection[str]], SourceLine | None]
_Node = ast.expr | ast.stmt | ast.ExceptHandler
CANCELLATIONS = frozenset({"CancelledError", "BaseException"})


def line_of_semaphore(project: Path, files: Collection[str]) -> SourceLine | None:
    """The line that makes the semaphore."""
    return _only(project, files, lambda tree: _calls(tree, "Semaphore", "BoundedSemaphore"))


def line_of_timeout(project: Path, files: Collection[str]) -> SourceLine | None:
    """The line that puts a timeout on a call: by the order's `timeout_s`, handed on under that name."""

    def timeouts(tree: ast.AST) -> Iterator[_Node]:
        return (call for call in _calls(tree, "timeout", "wait_for") if "timeout_s" in _names(call))

    return _only(project, files, timeouts)


def line_of_deadline(project: Path, files: Collection[str]) -> SourceLine | None:
    """The line that reads the order's `deadline_s`."""

    def readings(tree: ast.AST) -> Iterator[_Node]:
        return (node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr == "deadline_s")

    return _only(project, files, readings)


def line_of_task_not_kept(project: Path, files: Collection[str]) -> SourceLine | None:
    """The line that starts a task and keeps nothing of it: nobody can wait for it. A group keeps its own."""

    def lost(tree: ast.AST) -> Iterator[_Node]:
        alone = (node for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call))
        for node in alone:
            function = node.value.func  # type: ignore[attr-defined]
            owner = getattr(function.value, "id", "") if isinstance(function, ast.Attribute) else ""
            if _name(function) in {"create_task", "ensure_future"} and owner in {"asyncio", "loop", ""}:
                yield node

    return _only(project, files, lost)


def line_of_putting_back(project: Path, files: Collection[str]) -> SourceLine | None:
    """The line that puts something into a queue where an error is handled."""

    def puts(tree: ast.AST) -> Iterator[_Node]:
        handlers = (node for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler))
        return (call for handler in handlers for call in _calls(handler, "put", "put_nowait"))

    return _only(project, files, puts)


def line_of_telling_each_try(project: Path, files: Collection[str]) -> SourceLine | None:
    """The line that tells a failure where an error is handled in a loop."""

    def tellings(tree: ast.AST) -> Iterator[_Node]:
        loops = (node for node in ast.walk(tree) if isinstance(node, ast.For | ast.While))
        handlers = (node for loop in loops for node in ast.walk(loop) if isinstance(node, ast.ExceptHandler))
        return (call for handler in handlers for call in _calls(handler, "failed"))

    return _only(project, files, tellings)


def line_of_swallowing(project: Path, files: Collection[str]) -> SourceLine | None:
    """What keeps a cancellation from its work: a handler of signals, or of errors, or a loop that cancels and waits."""

    def suspects(tree: ast.AST) -> Iterator[_Node]:
        yield from _calls(tree, "add_signal_handler", "signal")
        for node in ast.walk(tree):
            if isinstance(node, ast.Try) and not _awaits_a_name(node.body):
                yield from (handler for handler in node.handlers if _swallows(handler))
            # One task after the other: the turn of each goes to the next.
            if isinstance(node, ast.For) and any(_calls(node, "cancel")):
                yield from (inner for inner in ast.walk(node) if isinstance(inner, ast.Await))

    return _only(project, files, suspects)


def _awaits_a_name(body: list[ast.stmt]) -> bool:
    """`try: await task`, as whoever has cancelled the task waits for its end."""
    only = body[0].value if len(body) == 1 and isinstance(body[0], ast.Expr) else None
    return isinstance(only, ast.Await) and isinstance(only.value, ast.Name)


def _swallows(handler: ast.ExceptHandler) -> bool:
    catches = handler.type is None or bool(_names(handler.type) & CANCELLATIONS)
    return catches and not isinstance(handler.body[-1], ast.Raise)


def _only(project: Path, files: Collection[str], find: Callable[[ast.AST], Iterable[_Node]]) -> SourceLine | None:
    """The one line that holds what `find` finds; None when there is none, or more than one."""
    found = {(file, node.lineno) for file in files for node in find(tree_of(project / file))}
    if len(found) != 1:
        return None
    file, number = found.pop()
    return SourceLine(file, number, doing=text_of(project / file).splitlines()[number - 1].strip())


def _calls(tree: ast.AST, *names: str) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call) and _name(node.func) in names)


def _names(tree: ast.AST) -> set[str]:
    return {_name(node) for node in ast.walk(tree)}


def _name(node: ast.AST) -> str:
    return str(getattr(node, "attr", getattr(node, "id", "")))
