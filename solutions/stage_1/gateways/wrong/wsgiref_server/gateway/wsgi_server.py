"""The second door: a WSGI server. `python -m gateway.wsgi_server shop.wsgi:application --port 8000`."""

import argparse
import importlib
from typing import Any
from wsgiref.simple_server import make_server


def run(app: Any, port: int) -> None:
    """Serve one connection after another, for ever."""
    with make_server("127.0.0.1", port, app) as server:
        server.serve_forever()


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
