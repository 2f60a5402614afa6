"""The second door: a WSGI server. `python -m gateway.wsgi_server shop.wsgi:application --port 8000`.

http.server reads the request, wsgiref.handlers calls the app. What wsgiref leaves out is here.
"""

import argparse
import importlib
import io
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import unquote
from wsgiref.handlers import SimpleHandler


class VisitorLeft(Exception):
    """Sending failed."""


class Answer(SimpleHandler):
    """One call of the app."""

    origin_server = True
    http_version = "1.1"
    os_environ = {}  # what this process was started with is no part of a request
    room = None

    def write(self, data):
        """wsgiref would send the head with the first b"", a body to HEAD, and more than Content-Length says."""
        if not self.status:
            raise AssertionError("write() before start_response()")
        if not data:
            return
        if not self.headers_sent:
            self.bytes_sent = len(data)
            self.send_headers()
        if self.room is not None:
            data = data[: self.room]
            self.room -= len(data)
        if self.environ["REQUEST_METHOD"] != "HEAD":
            self._write(data)
            self._flush()

    def _write(self, data):
        try:
            super()._write(data)
        except OSError:
            raise VisitorLeft from None

    def run(self, application):
        """wsgiref takes a ConnectionResetError of the app's for a visitor who has left, and answers nothing."""
        try:
            self.setup_environ()
            self.result = application(self.environ, self.start_response)
            self.finish_response()
        except VisitorLeft:
            pass  # finish_response has closed what the app gave
        except Exception:
            self.handle_error()

    def cleanup_headers(self):
        super().cleanup_headers()
        self.headers["Connection"] = "close"
        if "Content-Length" in self.headers:
            self.room = int(self.headers["Content-Length"])


class Visit(BaseHTTPRequestHandler):
    """One connection with one request."""

    def handle(self):
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline or not self.parse_request():
            return
        body = io.BytesIO(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        answer = Answer(body, self.wfile, sys.stderr, self.environ(), multithread=False, multiprocess=False)
        answer.run(self.server.app)

    def environ(self):
        path, _, query = self.path.partition("?")
        environ = {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote(path, "iso-8859-1"),
            "QUERY_STRING": query,
            "SERVER_NAME": self.server.server_name,
            "SERVER_PORT": str(self.server.server_port),
            "SERVER_PROTOCOL": self.request_version,
            "REMOTE_ADDR": self.client_address[0],
        }
        for name in self.headers:
            key = name.upper().replace("-", "_")
            if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
                key = "HTTP_" + key
            environ[key] = ("; " if key == "HTTP_COOKIE" else ",").join(self.headers.get_all(name))
        return environ

    def log_message(self, *words):
        """No line for each request."""


class Server(HTTPServer):
    """One visitor after another; what goes wrong with one is printed, as socketserver does it."""

    request_queue_size = 128


def run(app, port):
    """Serve everybody who comes."""
    with Server(("127.0.0.1", port), Visit) as server:
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
