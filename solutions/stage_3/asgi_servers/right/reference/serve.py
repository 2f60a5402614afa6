"""python serve.py SERVER [--workers N] [--reload] [--limit N] [--trust ADDRESSES]

Serves parcels.asgi:application under this server, at HOST and PORT of the environment.
"""

import argparse
import os
import sys

APP = "parcels.asgi:application"  # a name, not the object: each worker imports it for itself
SERVERS = ["uvicorn", "daphne", "hypercorn", "gunicorn-uvicorn", "gunicorn-asgi"]


def main():
    chosen = choices()
    host, port = os.environ.get("HOST", "127.0.0.1"), os.environ["PORT"]
    if chosen.server == "uvicorn":
        run_uvicorn(chosen, host, int(port))
    else:
        command = [sys.executable, "-m", *program(chosen, f"{host}:{port}", host, port), APP]
        os.execv(command[0], command)  # this process becomes the server: signals reach it


def choices():
    parser = argparse.ArgumentParser()
    parser.add_argument("server", choices=SERVERS)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--reload", action="store_true")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--trust")
    chosen = parser.parse_args()
    for option in ("reload", "limit", "trust"):
        if getattr(chosen, option) and chosen.server != "uvicorn":
            parser.error(f"--{option} is for uvicorn alone")
    if chosen.workers > 1 and chosen.server == "daphne":
        parser.error("--workers: daphne is one process")
    if chosen.workers > 1 and chosen.reload:
        parser.error("--workers and --reload exclude each other: uvicorn would drop the workers without a word")
    return chosen


def run_uvicorn(chosen, host, port):
    import uvicorn

    uvicorn.run(
        APP,
        host=host,
        port=port,
        workers=chosen.workers,
        reload=chosen.reload,
        # It counts connections, the one that asks among them, and refuses at the number.
        limit_concurrency=chosen.limit + 1 if chosen.limit else None,
        proxy_headers=bool(chosen.trust),  # on by default, and 127.0.0.1 trusted
        forwarded_allow_ips=chosen.trust,
    )


def program(chosen, address, host, port):
    workers = str(chosen.workers)
    gunicorn = ["gunicorn", "--bind", address, "--workers", workers, "--no-control-socket", "--worker-class"]
    match chosen.server:
        case "daphne":
            return ["daphne", "--bind", host, "--port", port]
        case "hypercorn":
            return ["hypercorn", "--bind", address, "--workers", workers]
        case "gunicorn-uvicorn":
            return [*gunicorn, "uvicorn_worker.UvicornWorker"]
        case _:
            # "prior-knowledge" alone would refuse HTTP/1.1.
            return [*gunicorn, "asgi", "--http-protocols", "h2,h1", "--http2-cleartext", "both"]


if __name__ == "__main__":  # workers that are spawned import this file again
    main()
