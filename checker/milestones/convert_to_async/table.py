"""The request table: what is asked of the depot before and after, and how two answers are compared."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPMessage
from urllib.parse import quote, urlencode

from checker.harness import diagnosis
from checker.harness.difference import difference
from checker.harness.findings import fail
from checker.harness.http import Answer, Exchange
from checker.harness.seed import Seed
from checker.milestones.convert_to_async import places
from checker.milestones.convert_to_async.depot import CREDENTIALS, FORM, PATIENCE_S, Depot, words

# What the servers write, or one connection needs: no part of the depot's answer.
SERVERS_OWN = frozenset({"date", "server", "connection", "transfer-encoding", "keep-alive"})
# Of a cookie, its value and its dates: drawn anew for each visitor.
DRAWN_ANEW = re.compile(r"(?<==)[^;]*|;\s*expires=[^;]*", re.IGNORECASE)
UPLOAD_BYTES = range(3_000_000, 4_000_000)  # more than Django takes into memory
LENGTH = "Content-Length"  # tells less than the body does
SERVER_ERROR = 500


@dataclass(frozen=True, slots=True)
class Row:
    """One request of the table. A supplier that is `down` answers its call with this status."""

    path: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    signed_in: bool = True
    token: bool = True
    down: tuple[str, int] | None = None

    @property
    def told(self) -> str:
        """The request in words."""
        notes = []
        if not self.signed_in:
            notes.append("not signed in")
        if not self.token:
            notes.append("without its token")
        if self.body is not None and not self.headers.get("Content-Type"):
            notes.append(f"with {len(self.body):,} bytes")
        if self.down is not None:
            notes.append(f"{self.down[0]} answers {self.down[1]}")
        return f"{self.method} {self.path}" + (f" ({', '.join(notes)})" if notes else "")


@dataclass(frozen=True, slots=True)
class Answered:
    """A request of the table, and its answer; None where there was none."""

    row: Row
    exchange: Exchange
    answer: Answer | None


def rows(seed: Seed) -> list[Row]:
    """The table, with what this run has drawn."""
    part, ship, tenant, agent, query = words(seed, "the table", 5)
    random = seed.random("what the table sends")
    blue, text = {"X-Tenant": tenant}, f"{part} \u00fc{random.randrange(10)} \u20ac"
    drawing = random.randbytes(random.choice(UPLOAD_BYTES))
    wrong = urlencode({**CREDENTIALS, "password": query}).encode()
    return [
        Row("/ping/", headers=blue),
        Row("/ping/", method="HEAD"),
        Row("/whoami/", headers=blue),
        Row("/whoami/"),
        Row(f"/visit/?q={quote(text)}", headers={"User-Agent": agent}),
        Row("/parts/?q=A"),
        Row(f"/parts/?q={query}", headers=blue),
        Row("/parts/", method="POST"),
        Row("/upload/", method="POST", body=drawing, token=False),
        Row("/upload/", method="POST", body=b""),
        Row("/upload/"),
        Row("/login/", method="POST", headers=FORM, body=wrong),
        Row("/login/", method="POST", headers=FORM, body=wrong, token=False),
        Row(f"/rates/{part}/?q={query}", signed_in=False),
        Row(f"/rates/{part}/", headers=blue),
        Row(f"/rates/{part}/", method="POST"),
        Row(f"/rates/{ship}/", headers=blue, down=("acme", random.choice([500, 503, 404]))),
        Row(f"/events/{part}/", headers=blue),
        Row(f"/events/{part}/", method="POST"),
        Row(f"/digest/{quote(text)}/?rounds={random.randrange(1000, 3000)}", headers=blue),
        Row(f"/label/{random.randrange(100)}/", headers=blue),
        Row("/manual/"),
        Row(f"/export/{part}/"),
        Row(f"/export/{part}/", method="POST", token=False),
        Row(f"/export/{part}/", method="POST", signed_in=False),
        Row(f"/export/{part}/", method="POST", headers=blue),
        Row(f"/{query}/", headers=blue),
    ]


def record(depot: Depot, table: list[Row]) -> list[Answered]:
    """Send the table, one request after the other, with upstreams that answer at once; a clerk signs in first."""
    depot.gate.open()
    depot.sign_in()
    answered = [_asked(depot, row) for row in table]
    depot.gate.hold()
    return answered


def compare(depot: Depot, before: list[Answered], after: list[Answered]) -> None:
    """End the check with the first request that is answered otherwise, those that raise first."""
    for then, now in sorted(zip(before, after, strict=True), key=lambda pair: not _is_error(pair[1])):
        if then.answer is None:
            raise LookupError(f"the depot as issued did not answer {then.row.told}")
        answer = depot.server.expect_answer(now.exchange, 0.1) if now.answer is None else now.answer
        if answer.status == SERVER_ERROR != then.answer.status:
            raise diagnosis.server_error(depot.server, now.exchange, answer)
        if saw := _difference(then.answer, answer):
            view = now.row.path.split("/")[1]
            where = places.answers(depot.server.run, view, saw)
            wanted = f"{now.row.told} is answered under uvicorn as it was under gunicorn"
            fail("answered-otherwise", wanted=wanted, saw=saw, where=where, facts={"view": view})


def _is_error(answered: Answered) -> bool:
    return answered.answer is None or answered.answer.status == SERVER_ERROR


def _asked(depot: Depot, row: Row) -> Answered:
    asked = _send(depot, row)
    if row.down is not None:
        supplier, status = row.down
        tag = f"{row.path.split('/')[2]}-{supplier}"
        depot.wait_held([tag])
        depot.gate.release(tag, status=status)
        depot.gate.open()
    return Answered(row, asked, asked.wait_answer(PATIENCE_S))


def _send(depot: Depot, row: Row) -> Exchange:
    if row.down is not None:
        depot.gate.hold()
    return depot.send(
        row.path,
        method=row.method,
        headers=row.headers,
        body=row.body,
        signed_in=row.signed_in,
        token=row.token,
        label=f"{depot.name} {row.told}",
    )


def _difference(then: Answer, now: Answer) -> str:
    """What differs, in words; empty when nothing does."""
    if then.status != now.status:
        return f"status {now.status}; it was {then.status}"
    before, after = _headers(then.headers), _headers(now.headers)
    for name in sorted(before.keys() | after.keys(), key=lambda name: (name == LENGTH, name)):
        if name == LENGTH and then.body != now.body:
            break
        if before.get(name) != after.get(name):
            return f"{name}: {_said(after.get(name))}; it was {_said(before.get(name))}"
    return "" if then.body == now.body else f"another body:\n{difference(then.text, now.text)}"


def _headers(headers: HTTPMessage) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in headers.items():
        if name.lower() not in SERVERS_OWN:
            kept = DRAWN_ANEW.sub("", value) if name.lower() == "set-cookie" else value
            found.setdefault(name.title(), []).append(kept)
    return {name: sorted(values) for name, values in found.items()}


def _said(values: list[str] | None) -> str:
    return "not there" if values is None else ", ".join(map(repr, values))
