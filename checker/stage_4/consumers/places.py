"""The line at fault in the learner's code, found by what stands in it. Runs nothing: reads their source."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from checker.harness.learner_files import text_of, tree_of
from checker.harness.lines import own_files, own_line
from checker.harness.server import Server
from course.model import SourceLine

FIRST_FILE = "desk/consumers.py"
CLASSES = {"/ws/desk/": "DeskConsumer", "/ws/legacy/": "LegacyConsumer", "/ws/echo/": "EchoConsumer"}
# What makes a quote wait for another one: a bridge into the one thread, a lock, or a small pool.
BRIDGES = (
    r"sync_to_async\b.*price|price.*sync_to_async",
    r"^(?!from|import).*sync_to_async",
    r"(?:Lock|Semaphore|Executor)\(",
)
LEGACY_CLASS = (r"class LegacyConsumer",)
_Function = ast.FunctionDef | ast.AsyncFunctionDef
Finder = Callable[[Server], SourceLine | None]


def line(server: Server, *patterns: str) -> SourceLine | None:
    """The first line of theirs that the first of these patterns is found in that is found at all."""
    return own_line(server.run, FIRST_FILE, *patterns)


def at(server: Server, file: str, number: int) -> SourceLine:
    """One line of a file of theirs, with what it says."""
    lines = text_of(server.run.project / file).splitlines()
    return SourceLine(file, number, "", (lines[number - 1 : number] or [""])[0].strip())


def definition(server: Server, qualified: str) -> SourceLine | None:
    """Where the method `Class.method` of theirs is defined."""
    return next((at(server, file, method.lineno) for file, method in _methods(server, qualified)), None)


def handler(server: Server, path: str) -> SourceLine | None:
    """Where the class of this path takes frames: what a silence may come from."""
    names = ("receive_json", "receive", "websocket_receive")
    return next((found for name in names if (found := definition(server, f"{CLASSES.get(path)}.{name}"))), None)


def answer(server: Server, keys: Sequence[str]) -> SourceLine | None:
    """Where an object with one of these keys is made; None unless there is just one."""
    found = {
        (file, node.lineno)
        for file in own_files(server.run, FIRST_FILE)
        for node in ast.walk(tree_of(server.run.project / file))
        if isinstance(node, ast.Dict) and any(isinstance(k, ast.Constant) and k.value in keys for k in node.keys)
    }
    return at(server, *next(iter(found))) if len(found) == 1 else None


def told(server: Server, frame: Any) -> SourceLine | None:
    """Where the text of this frame's error is written."""
    text = frame.get("error") if isinstance(frame, dict) else None
    return line(server, re.escape(text)) if isinstance(text, str) and text else None


def silence(server: Server, code: str, path: str, after: str) -> SourceLine | None:
    """What a silence may come from: a handler that goes round and round, a push that takes no end."""
    match code:
        case "handler-busy":
            return loop(server)
        case "push-lives-on":
            return push(server, after)
        case "one-thread":
            return bridge(server)
        case "legacy-thread":
            return line(server, *LEGACY_CLASS)
        case "tick-missing":
            return line(server, r"[\"']tick[\"']:", r"next_price\(")
        case "push-silent":
            return price_call(server)
    return _loop_of(server, f"{CLASSES.get(path)}.connect") or handler(server, path)


def swallows(server: Server) -> SourceLine | None:
    """Where a cancellation is caught."""
    return line(server, r"except\s*:", r"except.*\b(BaseException|CancelledError)\b")


def push(server: Server, after: str) -> SourceLine | None:
    """Why a push lives on: it takes no end, is not ended, or nobody knows it any more."""
    if swallowed := swallows(server):
        return swallowed
    found = None
    if "client" in after:
        names = ("disconnect", "websocket_disconnect")
        found = next((end for name in names if (end := definition(server, f"DeskConsumer.{name}"))), None)
    elif "stop" in after:
        found = line(server, r"[\"']stopped[\"']|\bstopped=")
    elif "failure" in after:
        found = _failure(server)
    return found or push_task(server)


def push_task(server: Server) -> SourceLine | None:
    """Where the task is made that asks for the next price."""
    names = [method.name for _, method in _pushing(server)]
    return line(server, *(rf"\b(?:create_task|ensure_future)\(.*\b{name}\(" for name in names)) or price_call(server)


def price_call(server: Server) -> SourceLine | None:
    """Where the exchange is asked for the next price."""
    return line(server, r"next_price\(")


def loop(server: Server) -> SourceLine | None:
    """What goes round and round."""
    return line(server, r"\bwhile\b", r"next_price\(")


def bridge(server: Server) -> SourceLine | None:
    """What makes quotes wait for each other."""
    return line(server, *BRIDGES)


def nowhere(_server: Server) -> SourceLine | None:
    """Where no line is at fault."""
    return None


def _failure(server: Server) -> SourceLine | None:
    """Where a push meets its failure."""
    handlers = (
        at(server, file, node.lineno)
        for file, method in _pushing(server)
        for node in ast.walk(method)
        if isinstance(node, ast.ExceptHandler) and node.type and "ExchangeError" in ast.dump(node.type)
    )
    return next(handlers, None)


def _pushing(server: Server) -> list[tuple[str, _Function]]:
    """The functions that ask the exchange for the next price."""
    return [
        (file, node)
        for file in own_files(server.run, FIRST_FILE)
        for node in ast.walk(tree_of(server.run.project / file))
        if isinstance(node, _Function) and "next_price" in ast.dump(node)
    ]


def _loop_of(server: Server, qualified: str) -> SourceLine | None:
    """Where this method goes round and round."""
    loops = (
        at(server, file, node.lineno)
        for file, method in _methods(server, qualified)
        for node in ast.walk(method)
        if isinstance(node, ast.While)
    )
    return next(loops, None)


def _methods(server: Server, qualified: str) -> Iterator[tuple[str, _Function]]:
    class_name, _, name = qualified.rpartition(".")
    for file in own_files(server.run, FIRST_FILE):
        for node in ast.walk(tree_of(server.run.project / file)):
            if isinstance(node, ast.ClassDef) and node.name == class_name:
                yield from (
                    (file, method) for method in node.body if isinstance(method, _Function) and method.name == name
                )
