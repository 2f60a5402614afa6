"""python serve.py SERVER [--workers N] [--reload] [--limit N] [--trust ADDRESSES]

Serves parcels.asgi:application under this server, at HOST and PORT of the environment.
"""

import argparse
import os

import uvicorn
from parcels.asgi import application

SERVERS = ["uvicorn", "daphne", "hypercorn", "gunicorn-uvicorn", "gunicorn-asgi"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("server", choices=SERVERS)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--reload", action="store_true")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--trust", default="")
    chosen = parser.parse_args()

    # TODO: the server that was chosen, with what was chosen for it; exit code 2 for what it cannot do.
    host, port = os.environ.get("HOST", "127.0.0.1"), int(os.environ["PORT"])
    uvicorn.run(application, host=host, port=port)


main()
