"""Announcements that no layer takes: what a gunicorn and a command say of them, beside all other checks.

Both have a Valkey of their own, which refuses them first, then holds writes back, and then is gone. The checks ask
later for what was told in each of these times.
"""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager, nullcontext
from typing import NoReturn

from checker.harness.findings import fail
from checker.harness.http import Answer
from checker.harness.run import Run
from checker.harness.waiting import wait_until
from checker.stage_4.channel_layers import places
from checker.stage_4.channel_layers.station import send_post
from checker.stage_4.channel_layers.ward import Ward

REFUSES, HELD = "Valkey refuses what the layer writes", "Valkey holds back what the layer writes"
STILL, GONE = "Valkey stands still", "there is no Valkey"
ENDS_WITHIN_S = 15.0
# A client of redis-py 8 has patience for 5 s, if nothing is said of it.
CLIENT_S = 6.0
LIVED_THROUGH_WITHIN_S = 120.0
BOTH = 2  # the POST and the command


class Office:
    """It lives through the three from now on, on a thread of its own."""

    def __init__(self, ward: Ward) -> None:
        station = ward.station
        self._ward = ward
        self._asked = {now: (station.room("Gleis 8"), station.text("in vain")) for now in (REFUSES, HELD, GONE)}
        self._told: dict[str, tuple[Answer | None, int | None]] = {}
        self._error: BaseException | None = None
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._live, name="office", daemon=True)
        self._thread.start()

    def expect_untold(self, now: str) -> None:
        """Meanwhile nobody was told that anything is announced, or the check ends."""
        wait_until(lambda: now in self._told or self._error, LIVED_THROUGH_WITHIN_S)
        if now not in self._told and self._error is not None:
            raise self._error
        answer, code = self._told[now]
        expect_refused(self._ward.server.run, now, answer, by=self._ward.server.name)
        if code == 0:
            fail_as_hidden(self._ward.server.run, now, "`manage.py announce` ended with 0", places.COMMAND)

    def close(self) -> None:
        """Let Valkey go on."""
        self._is_over.set()
        self._thread.join()

    def _live(self) -> None:
        try:
            self._announce(REFUSES, self._ward.restricted("resetkeys", "resetchannels"))
            self._announce(HELD, self._ward.writes_held())
            self._ward.valkey.stop()
            self._announce(GONE, nullcontext())
        except BaseException as error:  # noqa: BLE001  a finding, too: for the check that asks
            self._error = error

    def _announce(self, now: str, while_it_is_so: AbstractContextManager[None]) -> None:
        """By both ways. What was told before the patience ends is kept; then what still waits may end.

        The patience begins when each has ended or waits in Valkey: a command boots before, beside much other work. Who
        no longer waits there when it is over is about to end, or to wait again.
        """
        with while_it_is_so:
            post = send_post(self._ward.server, *self._asked[now])
            command = self._ward.command(*self._asked[now])

            def ended() -> int:
                return post.is_done + (command.wait(0) is not None)

            def has_ended() -> bool:
                return self._is_over.is_set() or ended() == BOTH

            def is_known() -> bool:
                return has_ended() or (now == HELD and ended() + self._ward.held_back() >= BOTH)

            wait_until(is_known, ENDS_WITHIN_S)
            if now == HELD:
                wait_until(has_ended, CLIENT_S)
                wait_until(is_known, ENDS_WITHIN_S)
            self._told[now] = post.wait_answer(0), command.wait(0)
        wait_until(has_ended, ENDS_WITHIN_S)


def expect_refused(run: Run, now: str, answer: Answer | None, *, by: str) -> None:
    """The answer to a POST is not one that says that it is announced; without a Valkey it is a 5xx."""
    if answer is not None and (200 <= answer.status < 300 or (now == GONE and answer.status < 500)):
        saw = f"{by} answered POST /api/announce/ with {answer.status}: {answer.text[:120]}"
        fail_as_hidden(run, now, saw, places.VIEWS)


def fail_as_hidden(run: Run, now: str, saw: str, first: str) -> NoReturn:
    """The finding for a failure that was told as a success, by the way of this file."""
    fail(
        "failure-hidden",
        wanted="what no layer takes is answered with 5xx, and ends the command with another exit code than 0",
        saw=f"{now}; {saw}",
        where=places.line(run, *places.HIDES, first=first),
    )
