"""An application that prints, as a forgotten line of debugging does: when it is imported, called and read.

The learner's inspector is pointed at it, as `learn_talks:talks`, in a process of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

print("learn_talks was imported")  # noqa: T201  (that is its point)


def talks(_environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
    """Prints while it is called, and while it is read."""
    print("talks was called")  # noqa: T201
    start_response("200 OK", [("Content-Type", "text/plain")])
    yield b"one"
    print("talks goes on")  # noqa: T201
    yield b"three"
