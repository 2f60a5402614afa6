"""The market with its two servers and its warehouse, which the check plays; and what its journal says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from random import Random
from string import ascii_letters, digits
from typing import Any, TypeVar

from checker.harness.events import EventKind
from checker.harness.gate import Gate
from checker.harness.history import Event, History
from checker.harness.http import Answer, Exchange, Stream
from checker.harness.idle import wait_unless_resting
from checker.harness.lines import line_matching
from checker.harness.server import Server
from checker.harness.websocket import WebSocket
from course.model import SourceLine

PATIENCE_S = 10.0  # only failing solutions wait so long, and no longer than until the server has rested for a while
HEADER = "X-Request-Id"
MIDDLEWARE, TRACING = "market/middleware.py", "market/tracing.py"
GIVEN = ("asgi", "wsgi", "settings", "urls", "views", "consumers", "opening", "shops", "journal", "warehouse")
# As the given market/shops.py has them.
TITLES = {"tea": "Tea and Cups", "books": "Old Books", "tools": "Nails by the Pound"}

_T = TypeVar("_T")


class Market:
    """The learner's project under both servers."""

    def __init__(self, uvicorn: Server, gunicorn: Server, gate: Gate) -> None:
        self.uvicorn = uvicorn
        self.gunicorn = gunicorn
        self.gate = gate
        self.since = 0.0
        self.random = Random(0)  # noqa: S311 - data for checks, no secrets
        self._sockets: list[WebSocket] = []

    @property
    def both(self) -> tuple[Server, Server]:
        """With gunicorn first: what is wrong on either side is told of WSGI, which is simpler."""
        return self.gunicorn, self.uvicorn

    def begin(self, random: Random) -> None:
        """A check begins, which draws its data from this."""
        self.random = random
        self.gate.reset()
        self.since = History.now()

    def end(self) -> None:
        """The check is over: its sockets go, and nobody waits any more."""
        for socket in self._sockets:
            socket.cut()
        self._sockets.clear()
        self.gate.open()

    def tag(self) -> str:
        """What a page asks the warehouse about, and nobody else does."""
        return "".join(self.random.choices(ascii_letters, k=8))

    def id(self) -> str:
        """An id that a visitor may bring along."""
        return "-".join("".join(self.random.choices(ascii_letters + digits, k=6)) for _ in range(3))

    # --- visitors ---

    def ask(self, server: Server, path: str, shop: str = "", *, id: str = "", label: str = "") -> Exchange:  # noqa: A002
        """A visitor of this shop, who may bring an id along."""
        headers = {name: value for name, value in (("X-Shop", shop), (HEADER, id)) if value}
        return server.send(path, headers=headers, label=label or path)

    def expect(self, server: Server, path: str, shop: str = "", *, id: str = "") -> Answer:  # noqa: A002
        """The answer to one, of whatever status."""
        exchange = self.ask(server, path, shop, id=id)
        return exchange.wait_answer(PATIENCE_S) or server.expect_answer(exchange, 0.0)

    def expect_hello(self, id: str = "") -> tuple[str | None, object]:  # noqa: A002
        """The id that a page's answer tells under uvicorn, and the one that the page has found in its scope."""
        answer = self.uvicorn.expect_answer(self.ask(self.uvicorn, "/hello/", id=id), PATIENCE_S)
        return answer.headers[HEADER], (answer.json() or {}).get("trace_id")

    def connect(self, address: str, path: str = "/ws/", *, id: str = "", label: str = "") -> WebSocket:  # noqa: A002
        """A socket of a visitor at this address: uvicorn believes the proxy on its own machine, which we play.

        At 127.0.0.1 there is no proxy: these have a port of their own each, as visitors have.
        """
        headers = {} if address == "127.0.0.1" else {"X-Forwarded-For": address}
        socket = self.uvicorn.websocket(path, label=label, headers=headers | ({HEADER: id} if id else {}))
        self._sockets.append(socket)
        return socket

    def wait(self, condition: Callable[[], _T]) -> _T:
        """What this says once it is true; its last word when uvicorn rests."""
        return wait_unless_resting(self.uvicorn.process, condition, PATIENCE_S)

    def wait_left(self, visit: Exchange | Stream | WebSocket) -> bool:
        """Whether the market's call for this visit has ended."""

        def is_its(event: Event) -> bool:
            return bool(event["request"] == visit.id)

        return self.uvicorn.run.history.wait_for(EventKind.APP_LEFT, is_its, deadline_s=PATIENCE_S) is not None

    def settle(self) -> None:
        """Return when all that the journal has written by now can be read: it comes before a later visit's line."""
        self.expect_hello(id_ := self.id())
        self.wait(lambda: self.lines(id_))

    # --- what is told ---

    def lines(self, id: str) -> list[Mapping[str, Any]]:  # noqa: A002
        """The journal's lines about the visit with this id."""
        found = []
        for text in re.findall(r"^visit (\{.*\})$", self.uvicorn.process.log.text, re.MULTILINE):
            with suppress(ValueError, RecursionError):  # what the learner prints may look like a line
                line = json.loads(text)
                if line.get("id") == id:
                    found.append(line)
        return found

    def line(self, file: str, *patterns: str) -> SourceLine | None:
        """The line at fault in this file of theirs: the first of these that is found; no import, no comment."""
        project = self.uvicorn.run.project
        return line_matching(project, file, [rf"\s*(?!from |import |#).*(?:{pattern})" for pattern in patterns])
