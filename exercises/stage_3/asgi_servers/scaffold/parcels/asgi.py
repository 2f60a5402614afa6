"""The app: one ASGI callable, the same under every server. Stays as it is.

/           who answers, and what the server told of the visitor
/hold/TAG   asks the depot, and is open until the depot answers: the Gate holds that call as TAG-PID
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from urllib.parse import urlsplit

from parcels.release import RELEASE

DEPOT = urlsplit(os.environ.get("UPSTREAM_URL", "http://127.0.0.1:9"))
has_lifespan = False


async def application(scope, receive, send):
    match scope["type"]:
        case "lifespan":
            await live(receive, send)
        case "http":
            await answer(scope, send)
        case other:
            raise ValueError(f"{other} is not served here")


async def live(receive, send):
    global has_lifespan
    await receive()
    has_lifespan = True
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


async def answer(scope, send):
    _, page, tag = [*scope["path"].split("/", 2), ""][:3]
    if page == "hold":
        status, body = 200, {"pid": os.getpid(), "tag": tag, "depot": await ask_depot(f"{tag}-{os.getpid()}")}
    elif page == "":
        status, body = 200, who_answers(scope, send)
    else:
        status, body = 404, {"pid": os.getpid()}
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(body).encode() + b"\n"})


def who_answers(scope, send):
    # Whose `send` this is tells which server called; gunicorn's worker of uvicorn is told by its module.
    server = getattr(getattr(send, "func", send), "__module__", "").partition(".")[0]
    workers = [module for module in ("uvicorn_worker", "uvicorn.workers") if module in sys.modules]
    return {
        "server": server,
        "worker_modules": workers,
        "pid": os.getpid(),
        "release": RELEASE,
        "has_lifespan": has_lifespan,
        "http_version": scope["http_version"],
        "scheme": scope["scheme"],
        "client": scope["client"][0],
    }


async def ask_depot(tag):
    reader, writer = await asyncio.open_connection(DEPOT.hostname, DEPOT.port)
    try:
        writer.write(f"GET /hold/{tag} HTTP/1.1\r\nHost: depot\r\nConnection: close\r\n\r\n".encode())
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        return body.decode()
    finally:
        writer.close()
