"""Calls a WSGI application without a server: `python inspect_wsgi.py shop.wsgi:application /shop/hello/`."""

import argparse
import json


def main() -> None:
    """Make one GET request, and print what came of it as one JSON object."""
    parser = argparse.ArgumentParser(description="Call a WSGI application without a server.")
    parser.add_argument("application", help="where it is, as gunicorn is told: module:name")
    parser.add_argument("target", help="what to get: a path, and perhaps a query")
    arguments = parser.parse_args()

    # Your work: import the application, call it with an environ made by hand, read its answer to the end.
    report = {"asked": f"{arguments.application} {arguments.target}"}
    print(json.dumps(report))


if __name__ == "__main__":
    main()
