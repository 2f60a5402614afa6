"""The duty of both middlewares that takes two requests: in turns on one thread, they do not mix.

The lab's report is judged here, nothing is run.
"""

from __future__ import annotations

from typing import Any

from checker.harness.findings import fail
from checker.stage_2.wsgi_middleware.inside.lab import INTERLEAVED, LEDGER, STUCK_S
from checker.stage_2.wsgi_middleware.inside.probe_app import SLOW_S
from checker.stage_2.wsgi_middleware.lab import Trial, place_of, request_ids, shown_ids
from checker.stage_2.wsgi_middleware.ledger import is_too_short, lasted_ms


def expect_requests_apart(trial: Trial) -> None:
    """Two requests in turns through one object, on one thread: each has its own line in the ledger."""
    also = ", also with the same id" if trial.scenario == "same-id" else ""
    wanted = f"two requests that go through one middleware object in turns each keep what is theirs{also}"
    if not trial.visits:
        saw = f"no end within {STUCK_S:.0f} s: one waits for what the other keeps until it is over, such as a lock"
        fail("state-shared", wanted=wanted, saw=saw, where=trial.defined)
    for letter, visit in zip(INTERLEAVED, trial.visits, strict=True):
        body, request_id = b"".join(INTERLEAVED[letter].chunks).decode(), visit["asked"]["request_id"]
        raised = visit["raised"]
        if raised or visit["body"] != body:
            saw = f"{raised['type']}: {raised['message']}" if raised else f"request {letter} got {visit['body']!r}"
            where = place_of(raised["where"]) if raised else None
            where = where or trial.line("pulled", "returned", "body", visit=visit)
            fail("state-shared", wanted=wanted, saw=saw, where=where)
        if trial.candidate == LEDGER and request_ids(visit) != [request_id]:
            saw = f"request {letter} was answered with {shown_ids(request_ids(visit))}"
            fail("state-shared", wanted=wanted, saw=saw, where=trial.line("started", "starter", visit=visit))
    if trial.candidate != LEDGER:
        return
    where = place_of(trial.lines[0]["where"]) if trial.lines else trial.defined
    found = sorted((line["fields"] for line in trial.lines), key=lambda fields: str(fields.get("path")))
    right = [
        {
            **visit["asked"],
            "status": int(mine.status[:3]),
            "body_bytes": sum(map(len, mine.chunks)),
        }
        for mine, visit in zip(INTERLEAVED.values(), trial.visits, strict=True)
    ]
    as_found, as_wanted = "; ".join(map(_in_turns, found)), "; ".join(map(_in_turns, right))
    if as_found != as_wanted:
        fail("state-shared", wanted=f"{wanted}: {as_wanted}", saw=as_found or "no line", where=where)
    duration = found[0].get("duration_ms")
    if trial.scenario == "interleaved" and is_too_short(duration, trial.visit):
        lasted = f"{lasted_ms(trial.visit):.0f}"
        wanted = f"{wanted}: A began {SLOW_S * 1000:.0f} ms before B and took {lasted}: duration_ms is that or more"
        fail("state-shared", wanted=wanted, saw=f"duration_ms {duration!r} in A's line", where=where)


def _in_turns(fields: dict[str, Any]) -> str:
    told = [fields.get(name) for name in ("request_id", "method", "path", "status", "body_bytes")]
    return "{}: {} {} {} {} bytes".format(*told)
