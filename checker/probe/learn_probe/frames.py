"""Which line of the learner's project a stack or a traceback is in."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from linecache import getline
from pathlib import Path
from types import CodeType, FrameType, TracebackType
from typing import NamedTuple, TypedDict, TypeVar

STACK_LINES = 12
IMPORT_FILES = "<frozen importlib"
_T = TypeVar("_T")

_NOT_THEIRS = frozenset({"site-packages", "dist-packages"})
_OUR_FOLDER = Path(__file__).resolve().parent
_STANDARD_LIBRARY = Path(os.__file__).resolve().parent

# Documented, though their names look private; bound here, before the learner's code can replace them.
this_frame = sys._getframe  # noqa: SLF001
all_frames = sys._current_frames  # noqa: SLF001


class Where(TypedDict):
    """A line of the learner's code, as course.model.SourceLine has it; `file` is relative to the project."""

    file: str
    line: int
    function: str
    doing: str


class Spot(NamedTuple):
    """One frame of a stack, at the moment it was looked at."""

    code: CodeType
    line: int

    @classmethod
    def of(cls, frame: FrameType) -> Spot:
        """Where a frame is now."""
        return cls(frame.f_code, frame.f_lineno or frame.f_code.co_firstlineno)

    @property
    def in_import(self) -> bool:
        """Whether this is Python's own import machinery."""
        return self.code.co_filename.startswith(IMPORT_FILES)

    def __str__(self) -> str:
        return f"{self.code.co_filename}:{self.line} {self.code.co_qualname}"


class Project:
    """The learner's folder. An environment that lies inside it is not the learner's code, nor is a given file."""

    def __init__(self, folder: str, given: frozenset[str] = frozenset()) -> None:
        self._folder = Path(folder).resolve() if folder else None
        self._given = given
        self._known: dict[str, str | None] = {}

    def relative(self, filename: str) -> str | None:
        """The path within the project; None for any other file."""
        if filename not in self._known:
            self._known[filename] = self._relative(filename)
        return self._known[filename]

    def innermost(self, spots: list[Spot]) -> Spot | None:
        """The innermost spot (the last one) that is in the project."""
        return next((spot for spot in reversed(spots) if self.relative(spot.code.co_filename)), None)

    def innermost_frame(self, frame: FrameType, depth: int) -> Spot | None:
        """The same of so many frames from `frame` outwards."""
        inner: FrameType | None = frame
        for _ in range(depth):
            if inner is None:
                break
            if self.relative(inner.f_code.co_filename):
                return Spot.of(inner)
            inner = inner.f_back
        return None

    def where(self, spot: Spot | None) -> Where | None:
        """The spot as the checker wants it told; None when it is not in the project."""
        file = None if spot is None else self.relative(spot.code.co_filename)
        if spot is None or file is None:
            return None
        doing = getline(spot.code.co_filename, spot.line).strip()[:200]
        return Where(file=file, line=spot.line, function=spot.code.co_name, doing=doing)

    def _relative(self, filename: str) -> str | None:
        # Code that was compiled to C names its source relative to where it was built: "msgpack/_packer.pyx".
        if self._folder is None or not Path(filename).is_absolute():
            return None
        path = Path(filename).resolve()
        if not path.is_relative_to(self._folder) or path.is_relative_to(_OUR_FOLDER):
            return None
        inside = path.relative_to(self._folder)
        is_theirs = _NOT_THEIRS.isdisjoint(inside.parts) and not path.is_relative_to(_STANDARD_LIBRARY)
        return str(inside) if is_theirs and str(inside) not in self._given else None


def standard_module(filename: str) -> str:
    """The module or package of the standard library that a file is of: `asyncio`, `pathlib`; else nothing."""
    if filename.startswith("<frozen "):
        return filename[len("<frozen ") : -1].partition(".")[0]
    path = Path(filename).resolve()
    if not path.is_relative_to(_STANDARD_LIBRARY):
        return ""
    return path.relative_to(_STANDARD_LIBRARY).parts[0].removesuffix(".py")


PROJECT = Project(os.environ.get("LEARN_PROJECT", ""), frozenset(os.environ.get("LEARN_GIVEN", "").split(os.pathsep)))


class NoCollection:
    """Within it a thread of ours does not collect the learner's garbage, and nobody else does meanwhile.

    Who collects runs the learner's finalizers, and these let go of the GIL: their own threads run on meanwhile. Until
    Python 3.12 `f_back` may collect, for the object that it makes; the frame whose `f_back` was asked may then be gone,
    and the process dies. And a task that nobody holds is closed by who collects it: where that is not the thread of its
    event loop, the loop may resume it at the same time.
    """

    _collects = False  # whether it has to be switched on again

    def __enter__(self) -> None:
        self._collects = gc.isenabled()
        gc.disable()

    def __exit__(self, *_: object) -> None:
        if self._collects:
            gc.enable()
            self._collects = False

    def pause(self, wait: Callable[..., _T], *arguments: float) -> _T:
        """What `wait` answers: garbage is collected meanwhile, if the learner wants it, and nothing is made here."""
        self.__exit__()
        try:
            return wait(*arguments)
        finally:
            self.__enter__()


def spots_of(frame: FrameType | None) -> list[Spot]:
    """The stack that ends in `frame`, outermost first."""
    spots = []
    while frame is not None:
        spots.append(Spot.of(frame))
        frame = frame.f_back
    spots.reverse()
    return spots


def depth_of(frame: FrameType | None) -> int:
    """How many frames the stack has that ends in `frame`."""
    depth = 0
    while frame is not None:
        depth += 1
        frame = frame.f_back
    return depth


def is_importing(frame: FrameType, depth: int) -> bool:
    """Whether any of so many frames from `frame` outwards is Python's import machinery."""
    inner: FrameType | None = frame
    for _ in range(depth):
        if inner is None:
            break
        if inner.f_code.co_filename.startswith(IMPORT_FILES):
            return True
        inner = inner.f_back
    return False


def outer(frame: FrameType | None, steps: int) -> FrameType | None:
    """The frame so many calls further out."""
    for _ in range(steps):
        frame = None if frame is None else frame.f_back
    return frame


def spots_of_traceback(trace: TracebackType | None) -> list[Spot]:
    """The frames an error went through, outermost first."""
    spots = []
    while trace is not None:
        spots.append(Spot(trace.tb_frame.f_code, trace.tb_lineno or trace.tb_frame.f_code.co_firstlineno))
        trace = trace.tb_next
    return spots


def stack_lines(spots: list[Spot]) -> list[str]:
    """The innermost dozen, outermost first, as text."""
    return [str(spot) for spot in spots[-STACK_LINES:]]


def top_line(spots: list[Spot]) -> str:
    """The innermost of all: `socket.py:706 readinto`."""
    if not spots:
        return ""
    code, line = spots[-1]
    return f"{Path(code.co_filename).name}:{line} {code.co_name}"
