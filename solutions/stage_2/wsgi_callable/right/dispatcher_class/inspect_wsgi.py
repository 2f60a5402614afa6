"""Calls a WSGI application without a server: `python inspect_wsgi.py shop.wsgi:application /shop/hello/`."""

import json
import sys
from importlib import import_module
from urllib.parse import unquote, urlsplit
from wsgiref.util import setup_testing_defaults


def main(where: str, target: str) -> None:
    parts = urlsplit(target)
    environ = {"PATH_INFO": unquote(parts.path, "latin-1"), "QUERY_STRING": parts.query, "SCRIPT_NAME": ""}
    setup_testing_defaults(environ)
    environ["wsgi.errors"] = sys.stderr

    started = {}
    sizes = []

    def start_response(status, headers, exc_info=None):
        if started and not exc_info:
            raise AssertionError("a second start_response, without exc_info")
        if exc_info and any(sizes):
            raise exc_info[1].with_traceback(exc_info[2])
        started.update(status=int(status[:3]), headers=headers)
        return lambda data: sizes.append(len(data))

    module, _, name = where.partition(":")
    stdout, sys.stdout = sys.stdout, sys.stderr  # what the application prints is none of the report
    result = getattr(import_module(module), name)(environ, start_response)
    close = getattr(result, "close", None)
    try:
        sizes.extend(len(chunk) for chunk in result)
    finally:
        if close:
            close()
    report = {**started, "chunks": len(sizes), "bytes": sum(sizes), "closed": close is not None}
    assert started, "start_response was never called"
    json.dump(report, stdout, indent=2)


if __name__ == "__main__":
    main(*sys.argv[1:])
