"""The second door: a WSGI server. `python -m gateway.wsgi_server shop.wsgi:application --port 8000`.

A thread for each connection, and connections that are kept open where both sides know where a response ends.
"""

import argparse
import importlib
import socket
import sys
import threading
import traceback
from urllib.parse import unquote


class VisitorLeft(Exception):
    """Sending failed. What the app raises is never taken for that."""


class Left:
    """wsgi.input: what is left of the request's body, and then the end."""

    def __init__(self, stream, length):
        self.stream = stream
        self.left = length

    def _take(self, read, size):
        if size is None or size < 0:
            size = self.left
        data = read(min(size, self.left))
        self.left -= len(data)
        return data

    def read(self, size=-1):
        return self._take(self.stream.read, size)

    def readline(self, size=-1):
        return self._take(self.stream.readline, size)

    def readlines(self, hint=-1):
        return list(self)

    def __iter__(self):
        return iter(self.readline, b"")


class Connection(threading.Thread):
    """One visitor, for as long as the two get on."""

    def __init__(self, app, connection, client_host, port):
        super().__init__(daemon=True)
        self.app = app
        self.connection = connection
        self.client_host = client_host
        self.port = port

    def run(self):
        try:
            with self.connection, self.connection.makefile("rb") as stream:
                while self.one_request(stream):
                    pass
        except (ConnectionError, VisitorLeft):
            pass
        except Exception:
            traceback.print_exc()

    def send(self, data):
        try:
            self.connection.sendall(data)
        except OSError as error:
            raise VisitorLeft from error

    def one_request(self, stream):
        line = stream.readline().decode("latin-1").strip()
        if not line:
            return False
        method, target, protocol = line.split(" ")
        headers = {}
        while line := stream.readline().decode("latin-1").strip():
            name, value = line.split(":", 1)
            headers.setdefault(name.upper().replace("-", "_"), []).append(value.strip())
        path, _, query = target.partition("?")
        body = Left(stream, int(headers.get("CONTENT_LENGTH", ["0"])[0]))
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": unquote(path, "latin-1"),
            "SERVER_NAME": socket.gethostname(),
            "SERVER_PORT": str(self.port),
            "SERVER_PROTOCOL": protocol,
            "REMOTE_ADDR": self.client_host,
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": body,
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        if query:  # PEP 3333: what is empty may be left out, as SCRIPT_NAME is here
            environ["QUERY_STRING"] = query
        for name, values in headers.items():
            key = name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{name}"
            environ[key] = ("; " if name == "COOKIE" else ",").join(values)
        keeps = protocol == "HTTP/1.1" and "close" not in environ.get("HTTP_CONNECTION", "").lower()
        keeps = self.respond(environ, keeps)
        body.read()  # what the app has left unread would be taken for the next request
        return keeps

    def respond(self, environ, keeps):
        status, headers, begun, room = "", [], False, None

        def start_response(new_status, new_headers, exc_info=None):
            nonlocal status, headers
            if exc_info is not None:
                if begun:
                    raise exc_info[1].with_traceback(exc_info[2])
            elif status:
                raise AssertionError("start_response was called before")
            status, headers = new_status, list(new_headers)
            return write

        def write(data):
            nonlocal begun, keeps, room
            if not begun:
                begun = True
                sizes = [int(value) for name, value in headers if name.lower() == "content-length"]
                room = sizes[0] if sizes else None
                keeps = keeps and room is not None
                told = [*headers, ("Connection", "keep-alive" if keeps else "close")]
                lines = "".join(f"{name}: {value}\r\n" for name, value in told)
                self.send(f"HTTP/1.1 {status}\r\n{lines}\r\n".encode("latin-1"))
            if room is not None:
                data = data[:room]
                room -= len(data)
            if environ["REQUEST_METHOD"] != "HEAD":
                self.send(data)

        chunks = []
        try:
            chunks = self.app(environ, start_response)
            for chunk in chunks:
                if chunk:
                    write(chunk)
            write(b"")
        except VisitorLeft:
            return False
        except Exception:
            traceback.print_exc()
            if not begun:
                start_response("500 Internal Server Error", [("Content-Type", "text/plain")], sys.exc_info())
                write(b"Internal Server Error\n")
            return False
        finally:
            close = getattr(chunks, "close", None)
            if close is not None:
                close()
        return keeps


def run(app, port):
    """Serve everybody who comes."""
    with socket.create_server(("127.0.0.1", port), backlog=128) as listening:
        while True:
            connection, (client_host, _) = listening.accept()
            Connection(app, connection, client_host, port).start()


def load(target):
    """The object that "package.module:attribute" names."""
    module, _, attribute = target.partition(":")
    return getattr(importlib.import_module(module), attribute)


def main():
    """Read the command line, load the app, serve it."""
    parser = argparse.ArgumentParser(prog="python -m gateway.wsgi_server", description="A WSGI server.")
    parser.add_argument("app", help='"package.module:attribute"')
    parser.add_argument("--port", type=int, default=8000)
    arguments = parser.parse_args()
    run(load(arguments.app), arguments.port)


if __name__ == "__main__":
    main()
