"""A depot as its checks meet it: its server, the Gate that plays its upstreams, and a clerk who has signed in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from string import ascii_lowercase
from urllib.parse import urlencode

from checker.harness.calibration import slowness
from checker.harness.diagnosis import loop_blocked, wait_blocked_loop
from checker.harness.findings import NotYet
from checker.harness.gate import Gate
from checker.harness.history import Event
from checker.harness.http import Answer, Exchange
from checker.harness.idle import Rest
from checker.harness.seed import Seed
from checker.harness.site import Site
from checker.harness.waiting import wait_until
from checker.milestones.convert_to_async.kinds import Kind

SUPPLIERS = ("acme", "borealis", "cobalt", "delta", "ember")
CREDENTIALS = {"user": "clerk", "password": "parts"}
FOR_CLERKS = ("/rates/", "/export/")
SESSION, TOKEN = "sessionid", "csrftoken"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
# Only failing solutions wait these out.
PATIENCE_S = 10.0
STALL_S = 0.5


@dataclass(slots=True)
class Depot:
    """One of the two. `cookies` are what the clerk's browser has kept."""

    name: str
    server: Site
    gate: Gate
    cookies: dict[str, str] = field(default_factory=dict)

    def send(
        self,
        path: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        signed_in: bool = True,
        token: bool = True,
        label: str = "",
    ) -> Exchange:
        """A request by the clerk's browser: where the page asks for it `signed_in`, in a POST with the `token`."""
        own, kept = dict(headers or {}), []
        if signed_in and path.startswith(FOR_CLERKS):
            kept.append(SESSION)
        if token and method == "POST":
            kept.append(TOKEN)
            own["X-CSRFToken"] = self.cookies.get(TOKEN, "")
        if kept:
            own["Cookie"] = "; ".join(f"{name}={self.cookies.get(name, '')}" for name in kept)
        return self.server.send(path, method=method, headers=own, body=body, label=label or path)

    def keep_cookies(self, answer: Answer) -> None:
        """Keep what this answer sets."""
        for value in answer.headers.get_all("Set-Cookie", []):
            if found := re.match(r"([^=;]+)=([^;]*)", value):
                self.cookies[found[1]] = found[2]

    def sign_in(self) -> list[Answer]:
        """Fetch the form and send it; the two answers."""
        answers = []
        for method, body in (("GET", None), ("POST", urlencode(CREDENTIALS).encode())):
            asked = self.send("/login/", method=method, headers=FORM if body else {}, body=body)
            answers.append(self.server.expect_answer(asked))
            self.keep_cookies(answers[-1])
        return answers

    def wait_held(self, tags: list[str]) -> bool:
        """True as soon as all these calls are held; False when the server rests and they are not."""

        def are_held() -> bool:
            self.gate.wait_until(lambda: set(tags) <= set(self.gate.held), 0.05)
            return set(tags) <= set(self.gate.held)

        return wait_until(are_held, 2 * PATIENCE_S, unless_ended=Rest(self.server.process), every_s=0.01)

    def viewed(self, exchange: Exchange) -> Event | None:
        """The view that this request reached, waited for."""
        return self.server.run.history.wait_for(
            Kind.VIEWED, lambda e: bool(e["request"] == exchange.id), deadline_s=PATIENCE_S
        )

    def expect_free_loop(self, since: float, wanted: str) -> None:
        """End the check when the loop has stood still since then."""
        if stall := wait_blocked_loop(self.server, since=since, deadline_s=STALL_S * slowness()):
            raise NotYet(loop_blocked(stall, wanted).finding)


def calls_for(part: str) -> list[str]:
    """The tags of the five calls that a page of rates makes."""
    return [f"{part}-{name}" for name in SUPPLIERS]


def words(seed: Seed, purpose: str, count: int) -> list[str]:
    """So many names of parts, tenants, exports, all different."""
    random = seed.random(purpose)
    found = {"".join(random.choices(ascii_lowercase, k=7)) for _ in range(2 * count)}
    return random.sample(sorted(found), count)
