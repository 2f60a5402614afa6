"""Given: the carrier's SDK, of 2009. All of it is synchronous: each call waits on the thread that makes it."""

import threading
from collections.abc import Callable, Sequence
from contextvars import ContextVar

from depot import upstream

# The session of whoever has signed in. `sign_in` sets it, `fetch` looks for it.
session: ContextVar[str] = ContextVar("session")


class CarrierDown(Exception):
    """The carrier cannot help at present."""


class NoSuchParcel(Exception):
    """The carrier does not know the parcel."""


class NotSignedIn(Exception):
    """`fetch` has found no session in its context."""


class MeterMisused(Exception):
    """A second meter, or the meter in another thread than its own."""


def sign_in() -> None:
    """Begin a session with the carrier: kept in `session`, for those who are called after this. Raises CarrierDown."""
    session.set(_call("sign-in"))


def fetch(parcel: str) -> str:
    """Where the parcel is, as text. Raises NoSuchParcel, CarrierDown; NotSignedIn without a session."""
    known = session.get(None)
    if known is None:
        raise NotSignedIn(f"no session in this context, in thread {threading.current_thread().name}")
    return _call("fetch", parcel, known)


class Meter:
    """The franking meter. A process may open one, and it belongs to the thread that has opened it."""

    _is_open = False

    def __init__(self) -> None:
        if Meter._is_open:
            raise MeterMisused("this process has opened its meter already")
        Meter._is_open = True
        self._owner = threading.current_thread()
        self._stamps = 0

    def stamp(self, parcel: str) -> int:
        """Frank the parcel; returns the number of its stamp, from 1 on. Raises CarrierDown."""
        here = threading.current_thread()
        if here is not self._owner:
            raise MeterMisused(f"opened in thread {self._owner.name}, used in thread {here.name}")
        _call("stamp", parcel)
        self._stamps += 1
        return self._stamps


def hand_over(parcels: Sequence[str], sign: Callable[[str], str]) -> str:
    """Hand these parcels to the driver; returns the receipt. Raises CarrierDown.

    `sign`, a plain function, is called for one parcel after the other, in this thread, and returns its signature.
    What it raises ends the hand-over, as it is.
    """
    signed = [f"{parcel}: {sign(parcel)}" for parcel in parcels]
    return _call("hand-over", ", ".join(signed))


def _call(*words: str) -> str:
    try:
        return upstream.call(*words)
    except upstream.Refusal as refusal:
        error = NoSuchParcel if refusal.status == 404 else CarrierDown
        raise error(str(refusal)) from None
    except OSError as broken:
        raise CarrierDown(str(broken)) from None
