"""The second door: a WSGI server. `python -m gateway.wsgi_server shop.wsgi:application --port 8000`.

One request at a time, one request for each connection.
"""

import argparse
import importlib
import io
import socket
import sys
import traceback
from collections.abc import Iterable
from typing import Any, BinaryIO
from urllib.parse import unquote_to_bytes

Headers = list[tuple[str, str]]

UNPREFIXED = {"CONTENT_TYPE", "CONTENT_LENGTH"}


class Response:
    """What the app answers, on its way to one connection. The head waits for the first byte of the body."""

    def __init__(self, connection: socket.socket, *, with_body: bool) -> None:
        self._connection = connection
        self._with_body = with_body
        self._head: tuple[str, Headers] | None = None
        self._left: int | None = None  # of what Content-Length says, where the app has one
        self.begun = False

    def start(self, status: str, headers: Headers, exc_info: Any = None) -> Any:
        """The app's `start_response`."""
        if exc_info:
            try:
                if self.begun:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None  # a traceback that refers to its own frame would live for long
        elif self._head is not None:
            raise AssertionError("start_response was called twice, the second time without exc_info")
        self._head = (status, list(headers))
        return self.write

    def write(self, data: bytes) -> None:
        """Send a piece of the body, behind the head when it is the first."""
        if self._head is None:
            raise AssertionError("a body before start_response")
        if not self.begun:
            self.begun = True
            status, headers = self._head
            self._left = next((int(value) for name, value in headers if name.lower() == "content-length"), None)
            lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers), "Connection: close"]
            self._connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))
        if self._left is not None:
            data = data[: self._left]
            self._left -= len(data)
        if data and self._with_body:
            self._connection.sendall(data)

    def run(self, app: Any, environ: dict[str, Any]) -> None:
        """Call the app and send what it gives, chunk by chunk; whatever happens, close what it gave."""
        chunks: Iterable[bytes] = ()
        try:
            chunks = app(environ, self.start)
            for chunk in chunks:
                if chunk:
                    self.write(chunk)
                if self._left == 0:
                    return
            if not self.begun:
                self.write(b"")
        except BaseException:
            self._close(chunks)
            raise
        self._close(chunks)

    @staticmethod
    def _close(chunks: Iterable[bytes]) -> None:
        if hasattr(chunks, "close"):
            chunks.close()


def serve(app: Any, connection: socket.socket, client_host: str, port: int) -> None:
    """Read one request from the connection, have it answered by the app, send the answer."""
    with connection.makefile("rb") as reader:
        environ = read_request(reader, client_host, port)
    if environ is None:
        return
    response = Response(connection, with_body=environ["REQUEST_METHOD"] != "HEAD")
    try:
        response.run(app, environ)
    except ConnectionError:
        pass  # the visitor has left
    except Exception:
        traceback.print_exc()
        if not response.begun:
            response.start("500 Internal Server Error", [("Content-Length", "0")], sys.exc_info())
            response.write(b"")


def read_request(reader: BinaryIO, client_host: str, port: int) -> dict[str, Any] | None:
    """One request as an environ; None when the visitor sent none."""
    words = reader.readline().decode("latin-1").split()
    if len(words) != 3:
        return None
    method, target, protocol = words
    path, _, query = target.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": protocol,
        "REMOTE_ADDR": client_host,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    while (line := reader.readline().decode("latin-1").rstrip("\r\n")) != "":
        name, _, value = line.partition(":")
        add_header(environ, name, value.strip())
    body = reader.read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return environ


def add_header(environ: dict[str, Any], name: str, value: str) -> None:
    """Add a request's header; one that came before gets a longer value."""
    key = name.upper().replace("-", "_")
    if key not in UNPREFIXED:
        key = f"HTTP_{key}"
    if key in environ:
        separator = "; " if key == "HTTP_COOKIE" else ", "
        value = f"{environ[key]}{separator}{value}"
    environ[key] = value


def run(app: Any, port: int) -> None:
    """Serve one connection after another, for ever."""
    with socket.create_server(("127.0.0.1", port), backlog=128) as listening:
        print(f"listening on http://127.0.0.1:{port}", flush=True)
        while True:
            connection, (client_host, _) = listening.accept()
            with connection:
                try:
                    serve(app, connection, client_host, port)
                except Exception:
                    traceback.print_exc()  # one bad connection is not the end of the server


def load(target: str) -> Any:
    """The object that "package.module:attribute" names."""
    module, _, attribute = target.partition(":")
    return getattr(importlib.import_module(module), attribute)


def main() -> None:
    """Read the command line, load the app, serve it."""
    parser = argparse.ArgumentParser(prog="python -m gateway.wsgi_server", description="A WSGI server.")
    parser.add_argument("app", help='"package.module:attribute"')
    parser.add_argument("--port", type=int, default=8000)
    arguments = parser.parse_args()
    run(load(arguments.app), arguments.port)


if __name__ == "__main__":
    main()
