"""ASGI's middleware: around pages, sockets and the lifespan."""

import re
import uuid
from collections import Counter

from market import journal

HEADER = b"x-request-id"
GOOD_ID = re.compile(rb"[A-Za-z0-9-]{1,64}")
PLACES = 5


class Traced:
    """An ASGI application around another one, which gives each visit an id, and notes it in the journal."""

    def __init__(self, application):
        self.application = application
        self.open_sockets = Counter()  # by the visitor's address

    async def __call__(self, scope, receive, send):
        if scope["type"] not in ("http", "websocket"):
            await self.application(scope, receive, send)
            return
        trace_id, status = id_of(scope["headers"]), None

        async def outward(message):
            nonlocal status
            match message["type"]:
                case "http.response.start" | "websocket.accept":
                    status = message.get("status", 101)
                    message = {**message, "headers": [*message.get("headers", ()), (HEADER, trace_id.encode())]}
                case "websocket.close" if status is None:
                    status = 403  # what the server answers the handshake
            await send(message)

        try:
            inside = {**scope, "trace_id": trace_id}  # the server's own stays as it is
            await (self.visit if scope["type"] == "http" else self.sit_down)(inside, receive, outward)
        finally:
            journal.note(id=trace_id, kind=scope["type"], path=scope["path"], status=500 if status is None else status)

    async def visit(self, scope, receive, send):
        await self.application(scope, receive, send)

    async def sit_down(self, scope, receive, send):
        """A socket has a place as long as its call lasts, however that ends."""
        address = scope["client"][0] if scope["client"] else ""
        if self.open_sockets[address] >= PLACES:
            await receive()  # websocket.connect, which comes before any answer
            await send({"type": "websocket.close"})
            return
        self.open_sockets[address] += 1
        try:
            await self.application(scope, receive, send)
        finally:
            self.open_sockets[address] -= 1
            if not self.open_sockets[address]:
                del self.open_sockets[address]


def id_of(headers):
    """The visitor's own id, if it is one; else a new one."""
    given = next((value for name, value in headers if name == HEADER), b"")
    return (given if GOOD_ID.fullmatch(given) else uuid.uuid4().hex.encode()).decode()
