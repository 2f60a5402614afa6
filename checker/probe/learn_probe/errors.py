"""Tells of errors that escape the learner's app, also of those that Django turns into a 500 page."""

from __future__ import annotations

import sys
from asyncio import CancelledError
from collections import deque
from contextlib import suppress
from traceback import format_exception
from typing import Any

from .frames import PROJECT, Where, spots_of_traceback
from .journal import tell

TRACEBACK_LINES = 30
MESSAGE_CHARACTERS = 2_000
NAME_CHARACTERS = 200
REQUEST_VARIABLE = "HTTP_X_LEARN_REQUEST"
# Which part of a line went wrong. From Python to Python there are more such lines, which would push frames out.
_MARKS = " ~^"

# A visitor who leaves cancels the app; a generator that is dropped is closed. Neither is an error.
_NO_ERRORS = (CancelledError, GeneratorExit, KeyboardInterrupt)

# The same error may pass by twice: in Django's signal, and again out of the app (DEBUG_PROPAGATE_EXCEPTIONS).
_told: deque[tuple[str, int]] = deque(maxlen=32)


def raised(request: str, error: BaseException) -> None:
    """Tell of an error that nobody in the learner's app has handled."""
    key = (request, id(error))
    if isinstance(error, _NO_ERRORS) or key in _told:
        return
    _told.append(key)
    tell("app.raised", request=request, **described(error))


def described(error: BaseException) -> dict[str, Any]:
    """{type, message, where, traceback}; never raises, whatever the error's own methods do."""
    facts: dict[str, Any] = {
        "type": type(error).__name__[:NAME_CHARACTERS],
        "message": "",
        "where": None,
        "traceback": "",
    }
    with suppress(Exception):
        facts["message"] = str(error)[:MESSAGE_CHARACTERS]
    with suppress(Exception):
        facts["where"] = _where(error)
    with suppress(Exception):
        lines = [line for line in "".join(format_exception(error)).rstrip().splitlines() if line.strip(_MARKS)]
        facts["traceback"] = "\n".join(line[:500] for line in lines[-TRACEBACK_LINES:])
    return facts


def listen_to_django() -> None:
    """Hear of the errors that Django answers with a 500. Call when the learner's app has been imported."""
    signals = sys.modules.get("django.core.signals")
    with suppress(Exception):
        if signals is not None:
            signals.got_request_exception.connect(_on_django_error, dispatch_uid="learn_probe")


def _on_django_error(request: Any = None, **_: Any) -> None:
    error = sys.exc_info()[1]
    if error is not None:
        meta = getattr(request, "META", None) or {}
        raised(str(meta.get(REQUEST_VARIABLE, "")), error)


def _where(error: BaseException | None) -> Where | None:
    """The innermost line of the project that the error, or else its cause, went through."""
    seen = 0
    while error is not None and seen < 10:
        if isinstance(error, SyntaxError) and (place := _syntax_place(error)) is not None:
            return place
        place = PROJECT.where(PROJECT.innermost(spots_of_traceback(error.__traceback__)))
        if place is not None:
            return place
        error = error.__cause__ or error.__context__
        seen += 1
    return None


def _syntax_place(error: SyntaxError) -> Where | None:
    file = PROJECT.relative(error.filename or "")
    if file is None:
        return None
    return Where(file=file, line=error.lineno or 1, function="", doing=(error.text or "").strip()[:200])
