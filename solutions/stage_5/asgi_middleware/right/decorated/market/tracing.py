"""Around everything: a function that makes an application of an application."""

import secrets
import string
from contextlib import contextmanager

from market.journal import note

ALPHABET = set(string.ascii_letters + string.digits + "-")


def Traced(application):
    sockets = {}

    @contextmanager
    def place(address):
        sockets[address] = sockets.get(address, 0) + 1
        try:
            yield sockets[address] <= 5
        finally:
            sockets[address] -= 1

    async def traced(scope, receive, send):
        kind = scope["type"]
        if kind != "http" and kind != "websocket":
            return await application(scope, receive, send)
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        id = headers.get("x-request-id", "")
        if not (1 <= len(id) <= 64 and set(id) <= ALPHABET):
            id = secrets.token_hex(12)
        sent = []

        async def named(message):
            if message["type"] in ("http.response.start", "websocket.accept"):
                message = message | {"headers": [*message.get("headers", []), [b"x-request-id", id.encode()]]}
            if message["type"] in ("http.response.start", "websocket.accept", "websocket.close"):
                sent.append(
                    {"websocket.accept": 101, "websocket.close": 403}.get(message["type"], message.get("status"))
                )
            await send(message)

        try:
            if kind == "http":
                await application(scope | {"trace_id": id}, receive, named)
            else:
                with place((scope.get("client") or ("nowhere", 0))[0]) as is_free:
                    if is_free:
                        await application(scope | {"trace_id": id}, receive, named)
                    else:
                        await named({"type": "websocket.close", "code": 1008})
        finally:
            note(id=id, kind=kind, path=scope["path"], status=[*sent, 500][0])

    return traced
