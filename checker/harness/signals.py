"""The signals that deployment files name."""

from __future__ import annotations

import signal
from contextlib import suppress


def signal_named(text: str) -> signal.Signals | None:
    """The signal meant by "SIGTERM", "TERM" or "15", in whatever case; None when there is no such signal."""
    with suppress(ValueError, KeyError):
        if text.isdecimal():
            return signal.Signals(int(text))
        return signal.Signals["SIG" + text.upper().removeprefix("SIG")]
    return None
