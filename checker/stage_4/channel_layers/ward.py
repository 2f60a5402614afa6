"""One process of the station with a Valkey of its own, which a check may hold back, restrict, freeze and stop."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NoReturn

from checker.harness import diagnosis, starters
from checker.harness.findings import fail
from checker.harness.http import Answer, Exchange
from checker.harness.program import Program
from checker.harness.server import Server
from checker.harness.servers.valkey import Valkey
from checker.harness.waiting import wait_until
from checker.stage_4.channel_layers import places, trouble
from checker.stage_4.channel_layers.board import Board, announced
from checker.stage_4.channel_layers.station import (
    Station,
    announce_by_command,
    bell,
    expect_heard,
    expect_posted,
    expect_time,
    send_post,
)
from checker.stage_4.channel_layers.still import standing_still

# Our own hold ends by itself, should we be killed while it lasts.
HOLD_MS = 60_000
PATIENCE_S = 10.0
# For a page that answers at once. A reader of the pubsub layer tries again a second after an error.
RECOVERS_WITHIN_S = 6.0
SETTLED_WITHIN_S = 2.0
POLL_EVERY_S = 0.01
TOGETHER = 10
ANEW_TRIES = 3


@dataclass
class Ward:
    """The third process, `server`, of a deployment of its own."""

    server: Server
    valkey: Valkey
    start_valkey: starters.Valkey
    station: Station
    environment: dict[str, str] = field(default_factory=dict)

    def board(self, room: str) -> Board:
        """A socket in a room."""
        return Board(self.server, room)

    def command(self, room: str, text: str) -> Program:
        """The learner's command, started in this deployment."""
        return announce_by_command(self.station.program, room, text, self.environment, f"announce ({self.valkey.name})")

    def clients(self) -> list[dict[str, str]]:
        """Who is connected to Valkey, and what each asked last."""
        clients: list[dict[str, str]] = self.valkey.command("CLIENT LIST")
        return clients

    def waiting(self, commands: Sequence[str]) -> int:
        """How many clients wait for an answer to one of these."""
        return sum("b" in client["flags"] and client["cmd"] in commands for client in self.clients())

    def held_back(self) -> int:
        """How many clients wait for an answer to whatever it is."""
        return sum("b" in client["flags"] for client in self.clients())

    def pops(self) -> bool:
        """Whether a process waits in Valkey for messages, now or soon."""
        return wait_until(lambda: any(client["cmd"].startswith("b") for client in self.clients()), SETTLED_WITHIN_S)

    def wait_quiet(self) -> None:
        """Wait until nobody waits in Valkey: the sockets that were closed are gone."""
        wait_until(lambda: not self.held_back(), SETTLED_WITHIN_S)

    @contextmanager
    def writes_held(self) -> Iterator[None]:
        """Nothing is written or published while this lasts; who tries waits. Reading goes on, and so does PING."""
        self.valkey.command("CLIENT", "PAUSE", HOLD_MS, "WRITE")
        try:
            yield
        finally:
            self.go_on()

    def go_on(self) -> None:
        """No longer hold writes back."""
        self.valkey.command("CLIENT", "UNPAUSE")

    @contextmanager
    def restricted(self, *rules: str) -> Iterator[None]:
        """Valkey refuses the project something (NOPERM), and answers all else."""
        self.valkey.command("ACL", "SETUSER", "default", *rules)
        try:
            yield
        finally:
            self.valkey.command("ACL", "SETUSER", "default", "~*", "&*", "+@all")

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Valkey stands still: connections open, nothing is answered."""
        with standing_still(self.valkey.pid or 0):
            yield

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Nobody listens where Valkey was; afterwards an empty one does."""
        self.valkey.stop()
        try:
            yield
        finally:
            self.valkey = self.start_valkey(name=self.valkey.name)

    def ask(self) -> Exchange:
        """GET /healthz/, on its way."""
        return self.server.send("/healthz/", label="healthz")

    def expect_well(self, when: str) -> int:
        """Answered with 200, by itself, once it may take a moment; returns how many were told otherwise before."""
        answers: list[Answer | None] = []

        def is_well() -> bool:
            answers.append(self.ask().wait_answer(PATIENCE_S))
            answer = answers[-1]
            return answer is not None and answer.status == 200

        if not wait_until(is_well, RECOVERS_WITHIN_S):
            self.fail_as_unwell(answers[-1], when, len(answers))
        return len(answers) - 1

    def expect_asked_anew(self, when: str) -> None:
        """Who says 503 again and again says so of now: Valkey was asked for it, by a connection or a command."""
        answer: Answer | None = None
        for _ in range(ANEW_TRIES):
            before = self._asked()
            answer = self.ask().wait_answer(PATIENCE_S)
            if answer is None or answer.status != 503 or self._asked() != before:
                return
        self.fail_as_unwell(answer, when, ANEW_TRIES, "; for none of these answers Valkey was asked anything")

    def _asked(self) -> int:
        """How many commands others than we have sent to Valkey so far. Asked twice: what was sent before now counts."""
        self.valkey.command("INFO", "commandstats")
        stats: dict[str, dict[str, int]] = self.valkey.command("INFO", "commandstats")
        return sum(
            each["calls"] + each.get("rejected_calls", 0) for name, each in stats.items() if name != "cmdstat_info"
        )

    def fail_as_unwell(self, answer: Answer | None, when: str, times: int, beside: str = "") -> NoReturn:
        """The finding for one that says that the layer is unwell, or nothing, and is wrong."""
        wanted = f"/healthz/ says 200 {when}"
        run = self.server.run
        if answer is not None and answer.status == 500:
            trouble.judge_error(self.server, wanted, "status 500", request=answer.request)
        told = f"status {answer.status}: {answer.text[:160]}" if answer else f"no answer within {PATIENCE_S:.0f} s"
        saw = f"asked {times} times; at last {told}" if times > 1 else told
        fail("health-stays-unwell", wanted=wanted, saw=saw + beside, where=places.line(run, *places.STAYS))

    def expect_unwell(self, exchange: Exchange, situation: str) -> None:
        """Answered with 503 and a reason, while the situation lasts."""
        answer = exchange.wait_answer(PATIENCE_S)
        wanted = f"/healthz/ says 503 with a reason while {situation}"
        run = self.server.run
        if answer is None:
            saw = f"no answer within {PATIENCE_S:.0f} s, and Valkey was still so"
            fail("health-hangs", wanted=wanted, saw=saw, where=places.line(run, *places.HANGS))
        if answer.status == 200:
            where = places.line(run, *(places.NO_REASON if "reason" in answer.text else places.BLIND))
            fail("health-blind", wanted=wanted, saw=f"status 200: {answer.text[:120]}", where=where)
        body: Any = answer.json()
        reason = body.get("reason") if isinstance(body, dict) else None
        if answer.status != 503 or not isinstance(reason, str) or not reason.strip():
            saw = f"status {answer.status}: {answer.text[:160]!r}"
            where = places.line(run, *places.NO_REASON)
            if error := diagnosis.wait_error(self.server, answer.request) if answer.status == 500 else None:
                saw, where = f"status 500: {error['type']}: {error['message']}", error.where or where
            if reason is not None and not str(reason).strip():
                saw += "\nthe text is empty"
            fail("no-reason", wanted=f'{wanted}: {{"reason": TEXT}}, a text that is not empty', saw=saw, where=where)

    def expect_flow(self, when: str) -> None:
        """An announcement reaches a socket that opens now."""
        room, text = self.station.room("Gleis 9¾"), self.station.text(f"flows {when}")
        board, asked_at = self.board(room), datetime.now(UTC)
        post = send_post(self.server, room, text)
        expect_posted(self.server, post)
        ring = bell([board], self.station.tags)
        expected = [announced(room, text), {"room": room, "said": ring}]
        frames = expect_heard(board, ring, expected, f"what is announced {when}", by=self.server)
        # Again, of a process that has run for long: a time that was taken once is seen.
        expect_time(board, frames, text, asked_at)
        board.socket.close()
        self.wait_quiet()
