"""The third door: any WSGI app as an ASGI app, for uvicorn and its like."""

import asyncio
import io
import sys
import threading
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

Message = dict[str, Any]
AsgiApp = Callable[[Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]


class VisitorLeft(ConnectionError):
    """Nobody is there any more to send to."""


def wsgi_to_asgi(app: Any) -> AsgiApp:
    """The same app behind the other interface: one request, one thread of asyncio's pool."""

    async def asgi(scope: Message, receive: Callable[..., Any], send: Callable[..., Any]) -> None:
        if scope["type"] != "http":
            raise NotImplementedError(f"WSGI has nothing like {scope['type']!r}")
        body = bytearray()
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
        loop = asyncio.get_running_loop()
        has_left = threading.Event()

        async def watch() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            has_left.set()

        def send_now(message: Message) -> None:
            if has_left.is_set():
                raise VisitorLeft
            # Waits until the loop has taken the message, so a fast app cannot run ahead of a slow visitor.
            asyncio.run_coroutine_threadsafe(send(message), loop).result()

        watching = asyncio.create_task(watch())
        try:
            await asyncio.to_thread(run, app, environ_of(scope, bytes(body)), send_now)
        except VisitorLeft:
            pass
        finally:
            watching.cancel()

    return asgi


def run(app: Any, environ: dict[str, Any], send: Callable[[Message], None]) -> None:
    """Call the app in this thread; each chunk leaves before the next is asked for."""
    head: Message = {}
    begun = False

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        if exc_info and begun:
            raise AssertionError("the head has left")
        if head and not exc_info:
            raise AssertionError("start_response was called twice, the second time without exc_info")
        head.update(
            type="http.response.start",
            status=int(status.split()[0]),
            headers=[(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers],
        )
        return write

    def write(data: bytes) -> None:
        nonlocal begun
        if not begun:
            begun = True
            send(head)
        if data:
            send({"type": "http.response.body", "body": data, "more_body": True})

    chunks: Iterable[bytes] = ()
    try:
        chunks = app(environ, start_response)
        for chunk in chunks:
            if chunk:
                write(chunk)
        write(b"")
        send({"type": "http.response.body", "body": b""})
    finally:
        if hasattr(chunks, "close"):
            chunks.close()


def environ_of(scope: Message, body: bytes) -> dict[str, Any]:
    """The scope of one HTTP request as WSGI tells it."""
    server = scope.get("server") or ("localhost", 80)
    root = scope.get("root_path", "")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": root.encode().decode("latin-1"),
        "PATH_INFO": scope["path"].removeprefix(root).encode().decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": (scope.get("client") or ("",))[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for raw_name, raw_value in scope["headers"]:
        key = raw_name.decode("latin-1").upper().replace("-", "_")
        value = raw_value.decode("latin-1")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = f"HTTP_{key}"
        if key in environ:
            value = f"{environ[key]}{'; ' if key == 'HTTP_COOKIE' else ', '}{value}"
        environ[key] = value
    return environ
