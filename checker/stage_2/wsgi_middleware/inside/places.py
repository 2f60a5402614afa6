"""Places in the learner's project, which is the folder that the lab runs in: a line, and what it is part of.

A place is a dict with the fields of course.model.SourceLine, ready to be printed as JSON.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import cache, partial
from pathlib import Path
from types import CodeType, FrameType, GeneratorType, TracebackType
from typing import Any, Self

Seen = dict[str, Any]


def caller(frame: FrameType | None = None) -> Seen | None:
    """The innermost line of the project on this stack, or on the caller's own."""
    frame = frame or sys._getframe()  # noqa: SLF001 - the only door to the stack
    while frame is not None:
        if (place := _place(frame.f_code, frame.f_lineno)) is not None:
            return place
        frame = frame.f_back
    return None


class Returning:
    """While it is entered, keeps the line from which the outermost function of the project returned."""

    def __init__(self) -> None:
        self._last: tuple[CodeType, int] | None = None

    @property
    def place(self) -> Seen | None:
        """That line; None when no function of the project has returned."""
        return None if self._last is None else _place(*self._last)

    def __enter__(self) -> Self:
        self._before = sys.getprofile()
        sys.setprofile(self._look)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(self._before)

    def _look(self, frame: FrameType, event: str, _: object) -> None:
        if event == "return" and _place(frame.f_code, frame.f_lineno) is not None:
            self._last = frame.f_code, frame.f_lineno


def innermost(trace: TracebackType | None) -> Seen | None:
    """The innermost line of the project that an error came through."""
    place = None
    while trace is not None:
        place = _place(trace.tb_frame.f_code, trace.tb_lineno) or place
        trace = trace.tb_next
    return place


def definition(thing: object) -> Seen | None:
    """The line where a function, a generator or an object's class is defined, if that is in the project."""
    if isinstance(thing, partial):
        thing = thing.func
    thing = getattr(thing, "__func__", thing)
    code = thing.gi_code if isinstance(thing, GeneratorType) else getattr(thing, "__code__", None)
    if isinstance(code, CodeType):
        return _place(code, code.co_firstlineno)
    kind = thing if isinstance(thing, type) else type(thing)
    with suppress(OSError, TypeError):
        file, (_, line) = inspect.getsourcefile(kind), inspect.getsourcelines(kind)
        return _located(file or "", line, kind.__name__)
    return None


def _place(code: CodeType, line: int) -> Seen | None:
    return _located(code.co_filename, line, code.co_name)


def _located(file: str, line: int, function: str) -> Seen | None:
    path, lines = _source(file)
    if path is None:
        return None
    doing = lines[line - 1].strip() if 0 < line <= len(lines) else ""
    return {"file": path, "line": line, "function": function, "doing": doing}


# Asked at every return of every function while a visit is watched, most of them not the project's.
@cache
def _source(file: str) -> tuple[str | None, Sequence[str]]:
    """The file's path in the project and its lines; None when it is not in the project."""
    if not Path(file).is_absolute():
        return None, ()  # "<frozen posixpath>", "<string>"
    try:
        path = Path(file).resolve().relative_to(Path.cwd())
    except ValueError:
        return None, ()
    return str(path), Path(file).read_text(errors="replace").splitlines()
