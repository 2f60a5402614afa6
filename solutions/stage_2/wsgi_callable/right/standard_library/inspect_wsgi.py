"""Calls a WSGI application without a server: `python inspect_wsgi.py shop.wsgi:application /shop/hello/`."""

import contextlib
import importlib
import io
import json
import sys
import urllib.parse


class Call:
    """One call of an application, as a server makes it."""

    def __init__(self, application, environ):
        self.status, self.headers, self.pieces, self.closed = "", [], [], False
        self.application, self.environ = application, environ

    def start_response(self, status, headers, exc_info=None):
        if self.status and not exc_info:
            raise AssertionError("start_response was called twice without exc_info")
        if exc_info and any(self.pieces):
            raise exc_info[1]
        self.status, self.headers = status, headers
        return self.pieces.append

    def run(self):
        with contextlib.ExitStack() as after:
            body = self.application(self.environ, self.start_response)
            if hasattr(body, "close"):
                after.callback(body.close)
                self.closed = True
            for piece in body:
                self.pieces.append(piece)
        if not self.status:
            raise AssertionError("start_response was not called")


def main():
    where, target = sys.argv[1:3]
    module, name = where.split(":")
    path, _, query = target.partition("?")
    environ = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": urllib.parse.unquote_to_bytes(path).decode("iso-8859-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(b""),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    with contextlib.redirect_stdout(sys.stderr):
        call = Call(getattr(importlib.import_module(module), name), environ)
        call.run()
    print(
        json.dumps(
            {
                "status": int(call.status.split()[0]),
                "headers": [list(pair) for pair in call.headers],
                "chunks": len(call.pieces),
                "bytes": sum(map(len, call.pieces)),
                "closed": call.closed,
            }
        )
    )


if __name__ == "__main__":
    main()
