"""Where a project starts its tasks: the line to blame for one that nobody has ended. Reads code, runs none.

Tasks of a TaskGroup are left out: the group ends them.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from checker.harness.learner_files import text_of, tree_of
from course.model import SourceLine

# What makes a task, or waits for one without ever cancelling it.
STARTS = frozenset({"create_task", "ensure_future", "shield", "wait", "as_completed", "run_coroutine_threadsafe"})
# What is awaited in a loop without waiting for an answer.
QUICK = frozenset({"put", "sleep"})
_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


def line_starting(project: Path, files: Collection[str], coroutine: str) -> SourceLine | None:
    """The line that makes a task of this coroutine, by its qualified name; else the one that awaits it under a shield.

    `files` are relative to the project; one that is missing or no Python is passed over.
    """
    name = _last(coroutine)
    for file in files:
        for call in _starts(tree_of(project / file)):
            if name in _called(call):
                return _line(project, file, call.lineno)
    return None


def line_starting_from(project: Path, files: Collection[str], function: str) -> SourceLine | None:
    """The line that starts tasks in this function, or in those that it calls by name; None unless there is just one."""
    reached = _reached(project, files, function)
    makers = {
        (file, call.lineno)
        for file, node in reached
        for call in _starts(node)
        if _name(call) not in {"wait", "as_completed"}
    }
    waits = {(file, call.lineno) for file, node in reached for call in _starts(node)} - makers
    lines = makers or waits
    return _line(project, *next(iter(lines))) if len(lines) == 1 else None


def outermost(project: Path, files: Collection[str], coroutines: Sequence[str]) -> str:
    """Of coroutines whose tasks are left over, the one that none of the others has made a task of.

    One that the project makes no task of comes last: a task of Python's own, or one made inside a given file.
    """
    made_by = {
        outer: {
            name
            for _, node in _reached(project, files, _last(outer))
            for call in _starts(node)
            for name in _called(call)
        }
        for outer in set(coroutines)
    }

    def is_inner(coroutine: str) -> bool:
        return any(_last(coroutine) in made for outer, made in made_by.items() if outer != coroutine)

    return min(coroutines, key=lambda one: (line_starting(project, files, one) is None, is_inner(one)))


def line_awaiting_each(
    project: Path, files: Collection[str], over: str, *, function: str = "", blocking: str = ""
) -> SourceLine | None:
    """The line of a loop over something of this name that awaits a call with the loop's variable: one at a time.

    Only in this `function`, when there is one, and in those that it calls by name; a comprehension is a loop too.
    A call of the function named `blocking` waits without an await.
    """
    for file, root in _roots(project, files, function):
        for loop in ast.walk(root):
            if isinstance(loop, ast.For):
                heads: list[ast.For | ast.comprehension] = [loop]
            elif isinstance(loop, _Comprehension):
                heads = [*loop.generators]
            else:
                continue
            of_each = set().union(*(_names(head.target) for head in heads if over in _names(head.iter)))
            for call in _waits(loop, blocking):
                if _name(call) not in QUICK and _names(call) & of_each:
                    return _line(project, file, call.lineno)
    return None


def line_awaiting_in_order(project: Path, files: Collection[str], function: str) -> SourceLine | None:
    """The line of a loop over tasks that awaits each as its turn comes, and yields; None unless there is just one.

    Looked for in this function and in those that it calls by name. `as_completed` has an order of its own.
    """
    lines: set[tuple[str, int]] = set()
    for file, root in _reached(project, files, function):
        for loop in (node for node in ast.walk(root) if isinstance(node, ast.For)):
            inside = [*_own(loop)]
            is_told = any(isinstance(node, ast.Yield) for node in inside)
            if is_told and "as_completed" not in _called(loop.iter):
                awaited = [node for node in inside if isinstance(node, ast.Await) and isinstance(node.value, ast.Name)]
                lines |= {(file, node.lineno) for node in awaited if _names(node.value) <= _names(loop.target)}
    return _line(project, *next(iter(lines))) if len(lines) == 1 else None


def line_calling(
    project: Path, files: Collection[str], names: Collection[str], function: str = ""
) -> SourceLine | None:
    """The line that calls something of one of these names; None unless there is just one.

    Looked for in this `function`, when there is one, and in those that it calls by name.
    """
    roots = _roots(project, files, function)
    calls = [(file, call) for file, root in roots for call in ast.walk(root) if isinstance(call, ast.Call)]
    lines = {(file, call.lineno) for file, call in calls if _name(call) in names}
    return _line(project, *next(iter(lines))) if len(lines) == 1 else None


def _roots(project: Path, files: Collection[str], function: str) -> list[tuple[str, ast.AST]]:
    if function:
        return _reached(project, files, function)
    return [(file, tree_of(project / file)) for file in files]


def _reached(project: Path, files: Collection[str], function: str) -> list[tuple[str, ast.AST]]:
    """The function of this name and those that it calls by name, each with its file."""
    trees = {file: tree_of(project / file) for file in files}
    defined = [(file, node) for file, tree in trees.items() for node in ast.walk(tree) if isinstance(node, _Function)]
    reached: list[tuple[str, ast.AST]] = []
    names = [function]
    while names:
        name = names.pop()
        for found in [(file, node) for file, node in defined if node.name == name and (file, node) not in reached]:
            reached.append(found)
            names += _called(found[1])
    return reached


def _waits(loop: ast.AST, blocking: str) -> Iterator[ast.Call]:
    """The calls that are waited for at each turn."""
    for inner in _own(loop):
        call = inner.value if isinstance(inner, ast.Await) else inner
        if isinstance(call, ast.Call) and (call is not inner or (blocking and _name(call) == blocking)):
            yield call


def _starts(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node) in STARTS:
            owner = node.func.value if isinstance(node.func, ast.Attribute) else None
            is_group = isinstance(owner, ast.Name) and owner.id != "asyncio" and _name(node) == "create_task"
            if not is_group or (isinstance(owner, ast.Name) and "loop" in owner.id):
                yield node


def _own(node: ast.AST) -> Iterator[ast.AST]:
    """What is run with this node: not what functions defined in it do later."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, _Function | ast.Lambda):
            yield child
            yield from _own(child)


def _last(qualified_name: str) -> str:
    return qualified_name.rpartition(".")[2]


def _called(node: ast.AST) -> set[str]:
    return {_name(inner) for inner in ast.walk(node) if isinstance(inner, ast.Call)}


def _names(node: ast.AST) -> set[str]:
    named = (getattr(inner, "id", getattr(inner, "attr", "")) for inner in ast.walk(node))
    return {name for name in named if name}


def _name(call: ast.Call) -> str:
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _line(project: Path, file: str, number: int) -> SourceLine:
    lines = text_of(project / file).splitlines()
    return SourceLine(file, number, doing="".join(lines[number - 1 : number]).strip())
