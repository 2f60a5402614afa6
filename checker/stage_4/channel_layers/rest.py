"""The idle sockets: opened first, left alone beside all other checks, and asked last whether they live.

They have rested once the layer's wait in Valkey has come back empty twice in each process, which is seen in Valkey. A
layer that waits in no such way is given the time that the usual one takes.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from itertools import pairwise

from checker.harness.history import History
from checker.harness.picture import Lane, Picture, Stretch
from checker.harness.waiting import wait_until
from checker.stage_4.channel_layers.board import Board
from checker.stage_4.channel_layers.monitor import Mailbox
from checker.stage_4.channel_layers.station import Station
from checker.stage_4.channel_layers.still import standing_still
from course.pictures import BarKind

ROUNDS = 2
USUAL_WAIT_S = 5.0  # channels_redis/core.py: brpop_timeout
# So much later than its time the end of a wait may be told: Valkey looks ten times a second whose wait is over. An
# impatient client that is told in the last moment would live by chance.
LATE_S = 0.1
EARLY_S = 0.1
PATIENCE_S = 30.0
LOOK_EVERY_S = 0.05


class Rest:
    """Two idle sockets in each process, watched from now on."""

    def __init__(self, station: Station) -> None:
        room = station.room("Wartesaal")
        self.boards = [
            Board(server, room, label=f"idle {number} in {place}")
            for server, place in zip(station.servers, ("one", "two"), strict=True)
            for number in (1, 2)
        ]
        self.began_at = History.now()
        self.died_at: dict[str, float] = {}
        self._station = station
        self._over = threading.Event()
        threading.Thread(target=self._watch, name="idle sockets", daemon=True).start()

    def wait(self) -> list[Board]:
        """Who has died by the time that all have rested."""
        wait_until(lambda: self.died_at or self._have_rested(), PATIENCE_S)
        return [board for board in self.boards if board.id in self.died_at]

    def close(self) -> None:
        """End the watch and the sockets."""
        self._over.set()
        for board in self.boards:
            board.socket.close()

    def waited_s(self, board: Board) -> float | None:
        """How long the last wait in Valkey had lasted when this socket died, of those that began before."""
        died_at = self.died_at[board.id]
        asked = [t for box in self._station.monitor.mailboxes for t in box.asked if t < died_at]
        return min((died_at - t for t in asked), key=lambda s: abs(s - USUAL_WAIT_S), default=None)

    def draw(self, picture: Picture) -> None:
        """Each process's waits in Valkey, and each socket below them."""
        lanes = [*self._waits(), *self._sockets()]
        picture.lanes("what each process waits for in Valkey, and its idle sockets", lanes)

    def _have_rested(self) -> bool:
        boxes = self._station.monitor.mailboxes
        if not boxes:
            return History.now() >= self.began_at + ROUNDS * USUAL_WAIT_S
        return len(boxes) >= len(self._station.servers) and all(box.empty_rounds >= ROUNDS for box in boxes)

    def _watch(self) -> None:
        while not self._over.wait(LOOK_EVERY_S):
            for board in self.boards:
                if board.socket.close_code is not None:
                    self.died_at.setdefault(board.id, History.now())
            self._delay_ends()

    def _delay_ends(self) -> None:
        """Have Valkey tell the end of each wait as late as it may."""
        now = History.now()
        ends = [box.asked[-1] + box.wait_s for box in self._station.monitor.mailboxes if box.wait_s]
        if near := [end for end in ends if end - EARLY_S <= now < end + LATE_S]:
            with standing_still(self._station.valkey.pid or 0):
                self._over.wait(max(near) + LATE_S - now)

    def _waits(self) -> Iterator[Lane]:
        boxes: Sequence[Mailbox] = self._station.monitor.mailboxes
        for number, box in enumerate(boxes):
            place = ("one", "two")[number] if number < 2 else "three"
            waits = [Stretch(start, end, BarKind.WAITING) for start, end in pairwise(box.asked)]
            last = Stretch(box.asked[-1], None, BarKind.WAITING)
            yield Lane(f"process {place}", [*waits, last], note=f"{len(box.asked)} pops, {box.empty_rounds} empty")

    def _sockets(self) -> Iterator[Lane]:
        for board in self.boards:
            died_at = self.died_at.get(board.id)
            note = "lives" if died_at is None else f"died: {board.socket.close_code}"
            moments = [] if died_at is None else [(died_at, "dies")]
            yield Lane(board.name, [Stretch(board.opened_at, died_at)], moments, note)
