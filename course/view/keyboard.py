"""Single keys from the terminal, which is left as it was found: at the end, for a pager or an editor, and on Ctrl-Z."""

from __future__ import annotations

import os
import re
import select
import signal
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType, TracebackType
from typing import Any, Self

from course.errors import UsageError
from course.view.screens import Screen

UP, DOWN, ENTER, ESCAPE, RUBOUT, HANG_UP = "up", "down", "enter", "escape", "rubout", "hang up"
_NAMED = {
    "\x1b[A": UP,
    "\x1bOA": UP,
    "\x1b[B": DOWN,
    "\x1bOB": DOWN,
    "\r": ENTER,
    "\n": ENTER,
    "\x1b": ESCAPE,
    "\x7f": RUBOUT,
    "\b": RUBOUT,
    "\x04": HANG_UP,
}
_KEY = re.compile(r"\x1b(?:\[[0-9;]*[A-Za-z~]|O[A-Za-z])|.", re.DOTALL)
_READ_BYTES = 1024


def must_have_terminal(screen: Screen) -> None:
    """Raises UsageError where no key can be read, or no line be erased."""
    if not sys.stdin.isatty() or not screen.live:
        raise UsageError("`learn watch` needs a terminal, and here is none.", "`learn check` grades once.")


class Keyboard:
    """Reads keys while it is entered. `was_away` is set when others have had the terminal meanwhile."""

    def __init__(self) -> None:
        self.was_away = False
        self._is_held = False
        self._fd = sys.stdin.fileno()
        self._before: list[Any] | None = None
        self._handlers: dict[int, Any] = {}
        self._woken, self._waker = os.pipe()
        for end in (self._woken, self._waker):
            os.set_blocking(end, False)

    def __enter__(self) -> Self:
        self._before = termios.tcgetattr(self._fd)
        handlers = {signal.SIGTSTP: self._suspend, signal.SIGWINCH: lambda *_: self.wake()}
        self._handlers = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        self._hold()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._release()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        for end in (self._woken, self._waker):
            os.close(end)

    def wake(self) -> None:
        """End a `wait`. From any thread."""
        with suppress(OSError):  # it is woken already, or has ended
            os.write(self._waker, b"!")

    def wait(self) -> list[str]:
        """The keys that were pressed; none where it was woken."""
        ready, _, _ = select.select([self._fd, self._woken], [], [])
        if self._woken in ready:
            with suppress(BlockingIOError):
                while os.read(self._woken, _READ_BYTES):
                    pass
        if self._fd not in ready:
            return []
        try:
            read = os.read(self._fd, _READ_BYTES)
        except OSError:  # the terminal is gone
            read = b""
        return [_NAMED.get(key, key) for key in _KEY.findall(read.decode(errors="replace"))] if read else [HANG_UP]

    @contextmanager
    def lent(self) -> Iterator[None]:
        """While somebody else has the terminal, as it was found."""
        self._release()
        try:
            yield
        finally:
            self._hold()
            self.was_away = True

    def _hold(self) -> None:
        self._is_held = True
        tty.setcbreak(self._fd, termios.TCSADRAIN)  # what was typed ahead counts

    def _release(self) -> None:
        self._is_held = False
        if self._before is not None:
            with suppress(termios.error):  # the terminal is gone
                termios.tcsetattr(self._fd, termios.TCSADRAIN, self._before)

    def _suspend(self, number: int, _frame: FrameType | None) -> None:
        was_held = self._is_held
        self._release()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
        # Here it stands still until `fg`.
        signal.signal(number, self._suspend)
        if was_held:
            self._hold()
        self.was_away = True
        self.wake()
