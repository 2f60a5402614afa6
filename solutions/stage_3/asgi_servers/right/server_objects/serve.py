"""Serves the parcels by the servers' own Python interfaces: each is a library as well as a program."""

from __future__ import annotations

import argparse
import os

from gunicorn.app.base import BaseApplication

APP = "parcels.asgi:application"


class Gunicorn(BaseApplication):
    """gunicorn without a command line: its settings come from here."""

    def __init__(self, **settings):
        self.settings = settings
        super().__init__()

    def load_config(self):
        for name, value in self.settings.items():
            self.cfg.set(name, value)

    def load(self):
        from parcels.asgi import application

        return application


def by_uvicorn(host, port, options):
    import uvicorn

    settings = {"host": host, "port": port, "workers": options.workers, "reload": options.reload}
    if options.limit is not None:
        settings["limit_concurrency"] = options.limit + 1
    if options.trust is None:
        settings["proxy_headers"] = False
    else:
        settings["forwarded_allow_ips"] = options.trust.split(",")
    uvicorn.run(APP, **settings)


def by_daphne(host, port, options):
    from daphne.cli import CommandLineInterface

    CommandLineInterface().run(["-b", host, "-p", str(port), APP])


def by_hypercorn(host, port, options):
    from hypercorn.config import Config
    from hypercorn.run import run

    config = Config.from_mapping(application_path=APP, bind=[f"{host}:{port}"], workers=options.workers)
    raise SystemExit(run(config))


def by_gunicorn(host, port, options, **settings):
    settings |= {"bind": f"{host}:{port}", "workers": options.workers, "control_socket_disable": True}
    Gunicorn(**settings).run()


def by_gunicorn_with_uvicorn(host, port, options):
    by_gunicorn(host, port, options, worker_class="uvicorn_worker.UvicornWorker")


def by_gunicorn_alone(host, port, options):
    by_gunicorn(host, port, options, worker_class="asgi", http_protocols="h1,h2", http2_cleartext="both")


SERVERS = {
    "uvicorn": by_uvicorn,
    "daphne": by_daphne,
    "hypercorn": by_hypercorn,
    "gunicorn-uvicorn": by_gunicorn_with_uvicorn,
    "gunicorn-asgi": by_gunicorn_alone,
}


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    servers = parser.add_subparsers(dest="server", required=True)
    for name in SERVERS:
        server = servers.add_parser(name)
        server.set_defaults(reload=False, limit=None, trust=None)
        if name == "daphne":
            server.set_defaults(workers=1)
            continue
        if name == "uvicorn":
            processes = server.add_mutually_exclusive_group()
            processes.add_argument("--workers", type=int, default=1)
            processes.add_argument("--reload", action="store_true")
            server.add_argument("--limit", type=int)
            server.add_argument("--trust")
        else:
            server.add_argument("--workers", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    options = parsed()
    SERVERS[options.server](os.environ.get("HOST", "127.0.0.1"), int(os.environ["PORT"]), options)
