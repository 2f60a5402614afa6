"""The second door: a WSGI server. `python -m gateway.wsgi_server shop.wsgi:application --port 8000`.

Arguments, the listening socket and the accept loop are given. What a server owes its app is your work.
"""

import argparse
import importlib
import socket
from typing import Any


def serve(app: Any, connection: socket.socket, client_host: str, port: int) -> None:
    """Read one request from the connection, have it answered by the app, send the answer."""
    # Your work. This much is sent to everybody so far:
    connection.sendall(b"HTTP/1.1 501 Not Implemented\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


def run(app: Any, port: int) -> None:
    """Serve one connection after another, for ever."""
    with socket.create_server(("127.0.0.1", port), backlog=128) as listening:
        print(f"listening on http://127.0.0.1:{port}", flush=True)
        while True:
            connection, (client_host, _) = listening.accept()
            with connection:
                serve(app, connection, client_host, port)


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
