"""Boots that must not succeed: the feed refuses, or is not there."""

from __future__ import annotations

from dataclasses import dataclass

from checker.harness.findings import fail
from checker.harness.server import Server
from checker.stage_3.asgi_callable import places
from checker.stage_3.asgi_callable.board import BOOT_S, FAILED, STARTED, wait_on
from checker.stage_3.asgi_callable.kinds import Kind


@dataclass(frozen=True, slots=True)
class Refusal:
    """A server whose feed cannot be opened, `how` in words; the error that is raised holds `reason`."""

    server: Server
    how: str
    reason: str


def expect_refusal(refusal: Refusal) -> None:
    """The callable says `failed` with the reason, and so the server ends."""
    server, run = refusal.server, refusal.server.run

    def words() -> list[str]:
        return [str(e["type"]) for e in server.seen(Kind.SENT) if e["scope"] == "lifespan"]

    def has_ended() -> bool:
        return bool(words() or server.seen(Kind.RAISED, Kind.RETURNED))

    wait_on(server, has_ended, BOOT_S)
    brand = server.name.partition("-")[0]
    wanted = f"where {refusal.how}, {brand} is told `{FAILED}` with the error's words, and ends"
    facts = {"server": brand}
    if STARTED in words():
        saw = f"`{STARTED}` was said all the same"
        fail("serves-without-feed", wanted=wanted, saw=saw, where=places.line(run, STARTED), facts=facts)
    if FAILED in words():
        told = next(str(e["text"]) for e in server.seen(Kind.SENT) if e["type"] == FAILED)
        if refusal.reason not in told:
            saw = f"`{FAILED}` came with the message {told!r}; the error's words hold {refusal.reason!r}"
            fail("refusal-untold", wanted=wanted, saw=saw, where=places.line(run, FAILED), facts=facts)
        if not wait_on(server, lambda: server.process.returncode is not None, BOOT_S):
            saw = f"`{FAILED}` was said, and {brand} still runs"
            fail("serves-without-feed", wanted=wanted, saw=saw, where=places.line(run, FAILED), facts=facts)
        return
    if errors := server.seen(Kind.RAISED):
        saw = f"your callable raised {errors[0]['type']}: {errors[0]['message']}"
        if brand != "uvicorn" or server.process.returncode is None:
            saw += f"\nto {brand} that means a callable without lifespan: it goes on, and serves"
        fail("serves-without-feed", wanted=wanted, saw=saw, where=errors[0].where or places.opens(run), facts=facts)
    if server.process.returncode is not None:
        saw = f"the process ended with exit code {server.process.returncode}, and {brand} had been told nothing"
        fail("refusal-untold", wanted=wanted, saw=saw, where=places.opens(run), facts=facts)
    saw = "your callable said nothing at all" + (" and returned" if server.seen(Kind.RETURNED) else "")
    fail("serves-without-feed", wanted=wanted, saw=saw, where=places.opens(run), facts=facts)
