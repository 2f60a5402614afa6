"""The third door: any WSGI app as an ASGI app. The loop asks for one chunk after another, each on a pool's thread."""

import asyncio
import sys
from concurrent.futures import ThreadPoolExecutor
from tempfile import SpooledTemporaryFile
from urllib.parse import unquote_to_bytes

POOL = ThreadPoolExecutor(40, thread_name_prefix="wsgi")
END = object()


def wsgi_to_asgi(app):
    """The same app behind the other interface."""

    async def asgi(scope, receive, send):
        assert scope["type"] == "http", "WSGI has HTTP only"
        loop = asyncio.get_running_loop()
        head = []

        def start_response(status, headers, exc_info=None):
            if exc_info and head and head[0] is None:
                raise exc_info[1]
            if head and not exc_info:
                raise ValueError("the head is set already")
            head[:] = [(status, headers)]
            return write

        def write(data):
            asyncio.run_coroutine_threadsafe(send_piece(data), loop).result()

        async def send_piece(data):
            if head[0] is not None:
                status, headers = head[0]
                head[0] = None
                pairs = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
                await send({"type": "http.response.start", "status": int(status[:3]), "headers": pairs})
            await send({"type": "http.response.body", "body": data, "more_body": True})

        with SpooledTemporaryFile(1_000_000) as body:
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return
                body.write(message.get("body", b""))
                if not message.get("more_body", False):
                    break
            body.seek(0)
            leaving = loop.create_task(receive())
            chunks = await loop.run_in_executor(POOL, app, environ_of(scope, body), start_response)
            try:
                steps = iter(chunks)
                while (chunk := await loop.run_in_executor(POOL, next, steps, END)) is not END:
                    if leaving.done():
                        return
                    if chunk:
                        await send_piece(chunk)
                await send_piece(b"")
                await send({"type": "http.response.body", "body": b"", "more_body": False})
            finally:
                leaving.cancel()
                if hasattr(chunks, "close"):
                    await loop.run_in_executor(POOL, chunks.close)

    return asgi


def environ_of(scope, body):
    """The scope as an environ."""
    environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode(),
        "SERVER_NAME": scope["server"][0],
        "SERVER_PORT": str(scope["server"][1]),
        "SERVER_PROTOCOL": "HTTP/" + scope["http_version"],
        "REMOTE_ADDR": scope["client"][0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode().upper().replace("-", "_"), raw_value.decode("latin-1")
        if name not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            name = "HTTP_" + name
        separator = "; " if name == "HTTP_COOKIE" else ","
        environ[name] = value if name not in environ else environ[name] + separator + value
    return environ
