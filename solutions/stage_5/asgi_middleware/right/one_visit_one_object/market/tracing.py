"""Around everything: an object for each visit, whose methods are the inside's receive and send."""

import re
from dataclasses import dataclass, field
from uuid import uuid4

from market import journal


class Traced:
    def __init__(self, application):
        self.application = application
        self.visits = set()

    async def __call__(self, scope, receive, send):
        if scope["type"] in ("http", "websocket"):
            await Visit(self, scope, receive, send).run()
        else:
            await self.application(scope, receive, send)


@dataclass(eq=False)
class Visit:
    around: Traced
    scope: dict
    receive: object
    server_send: object
    status: int = 0
    id: str = field(default="")

    def __post_init__(self):
        ids = [value.decode("latin-1") for name, value in self.scope["headers"] if name == b"x-request-id"]
        self.id = ids[0] if ids and re.fullmatch("[a-zA-Z0-9-]{1,64}", ids[0], re.ASCII) else str(uuid4())

    @property
    def address(self):
        return self.scope["client"] and self.scope["client"][0]

    async def run(self):
        beside = [v for v in self.around.visits if v.address == self.address]
        is_socket = self.scope["type"] == "websocket"
        try:
            if is_socket and len(beside) >= 5:
                await self.send({"type": "websocket.close"})
                return
            if is_socket:
                self.around.visits.add(self)
            await self.around.application(dict(self.scope, trace_id=self.id), self.receive, self.send)
        finally:
            self.around.visits.discard(self)
            journal.note(id=self.id, kind=self.scope["type"], path=self.scope["path"], status=self.status or 500)

    async def send(self, message):
        kind = message["type"]
        if kind == "http.response.start" or kind == "websocket.accept":
            self.status = message.get("status", 101)
            message = dict(message, headers=list(message.get("headers", [])) + [(b"x-request-id", self.id.encode())])
        elif kind == "websocket.close":
            self.status = self.status or 403
        await self.server_send(message)
