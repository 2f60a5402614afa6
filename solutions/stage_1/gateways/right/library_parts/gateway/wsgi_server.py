"""The second door: a WSGI server. `python -m gateway.wsgi_server shop.wsgi:application --port 8000`.

Parts of the standard library: socketserver has the threads, http.client the parser of header lines.
"""

import argparse
import importlib
import sys
import traceback
from http.client import HTTPException, parse_headers
from socketserver import StreamRequestHandler, ThreadingTCPServer
from tempfile import SpooledTemporaryFile
from urllib.parse import unquote


class Server(ThreadingTCPServer):
    """A thread for each connection."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128


class VisitorLeft(Exception):
    """Nobody is there any more."""


class OneRequest(StreamRequestHandler):
    """One connection, one request."""

    def handle(self):
        words = self.rfile.readline(65537).split()
        if len(words) != 3:
            return
        try:
            fields = parse_headers(self.rfile)
        except HTTPException:
            self.wfile.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
            return
        with SpooledTemporaryFile(1_000_000) as body:
            body.write(self.rfile.read(int(fields.get("Content-Length", 0))))
            body.seek(0)
            self.answer(self.environ(*(word.decode("latin-1") for word in words), fields, body))

    def environ(self, method, target, protocol, fields, body):
        path, _, query = target.partition("?")  # not urlsplit: for it `//here/x` is a host and a path
        environ = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote(path, encoding="latin-1"),
            "QUERY_STRING": query,
            "SERVER_NAME": self.server.server_address[0],
            "SERVER_PORT": f"{self.server.server_address[1]}",
            "SERVER_PROTOCOL": protocol,
            "REMOTE_ADDR": self.client_address[0],
            "REMOTE_PORT": f"{self.client_address[1]}",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": body,
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name in {name.lower() for name in fields}:
            values = fields.get_all(name)
            match name:
                case "content-type" | "content-length":
                    environ[name.upper().replace("-", "_")] = values[0]
                case "cookie":
                    environ["HTTP_COOKIE"] = "; ".join(values)
                case _:
                    environ["HTTP_" + name.upper().replace("-", "_")] = ",".join(values)
        return environ

    def answer(self, environ):
        app = self.server.app
        state = {"head": None, "sent": False, "end": None}

        def tell(data):
            try:
                self.wfile.write(data)
            except OSError:
                raise VisitorLeft from None

        def send(data):
            if not state["sent"]:
                status, headers = state["head"]
                state["sent"] = True
                tell(f"HTTP/1.0 {status}\r\n".encode("latin-1"))
                for name, value in headers:
                    if name.lower() == "content-length":
                        state["end"] = int(value)
                    tell(f"{name}: {value}\r\n".encode("latin-1"))
                tell(b"\r\n")
            if state["end"] is not None:
                data = data[: state["end"]]
                state["end"] -= len(data)
            if environ["REQUEST_METHOD"] != "HEAD":
                tell(data)

        def start_response(status, headers, exc_info=None):
            if exc_info:
                if state["sent"]:
                    raise exc_info[1].with_traceback(exc_info[2])
            elif state["head"]:
                raise AssertionError("the head is set already")
            state["head"] = (status, list(headers))
            return send

        result = None
        try:
            result = app(environ, start_response)
            for data in filter(None, result):
                send(data)
            send(b"")
        except VisitorLeft:
            return
        except Exception:
            traceback.print_exc(file=environ["wsgi.errors"])
            if not state["sent"]:
                state["head"] = ("500 Internal Server Error", [("Content-Type", "text/plain")])
                send(b"A server error occurred.\n")
        finally:
            if close := getattr(result, "close", None):
                close()


def run(app, port):
    """Serve everybody who comes."""
    with Server(("127.0.0.1", port), OneRequest) as server:
        server.app = app
        server.serve_forever()


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
