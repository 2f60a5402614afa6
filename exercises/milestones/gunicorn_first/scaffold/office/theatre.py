"""The theatre's own booking system, which we call over HTTP. It is slow, and sometimes it does not answer at all.

With THEATRE_URL set, a call waits for the answer of THEATRE_URL/hold/<tag>, so that somebody else decides how slow it
is; else it takes a second. `timeout_s` is how long a call waits for an answer, None for as long as it takes.
"""

import os
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator

THEATRE_URL = os.environ.get("THEATRE_URL", "")
DELAY_S = 1.0
GUESTS = 12

# No proxy: looking up the system's proxy settings is not safe in a forked process on macOS.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class TheatreTimeout(Exception):
    """The theatre did not answer in time. The call has been given up: its connection is closed."""


def free_seats(show: str, *, timeout_s: float | None = None) -> str:
    """What the theatre says about a show's free seats."""
    return _ask(show, timeout_s)


def book(show: str, *, timeout_s: float | None = None) -> str:
    """Book a seat; returns what the theatre says."""
    return _ask(f"order-{show}", timeout_s)


def guests(show: str) -> Iterator[str]:
    """A show's guests, each as soon as the theatre has found him. May take all night."""
    for number in range(1, GUESTS + 1):
        yield _ask(f"{show}-{number}", None)


def done_with_guests(show: str) -> None:
    """Tell the theatre that nobody reads the guests any more: it holds their seats for that long."""
    _ask(f"{show}-done", None)


def _ask(tag: str, timeout_s: float | None) -> str:
    if not THEATRE_URL:
        time.sleep(DELAY_S)
        return tag
    try:
        with _opener.open(f"{THEATRE_URL}/hold/{urllib.parse.quote(tag, safe='')}", timeout=timeout_s) as answer:
            return str(answer.read().decode())
    except TimeoutError as error:
        raise TheatreTimeout(f"no answer about {tag} within {timeout_s} s") from error
    except urllib.error.URLError as error:
        if isinstance(error.reason, TimeoutError):
            raise TheatreTimeout(f"no connection for {tag} within {timeout_s} s") from error
        raise
