"""python serve.py SERVER [--workers N] [--reload] [--limit N] [--trust ADDRESSES]: becomes that server's own program."""

import os
import sys

APP = "parcels.asgi:application"
KNOWN = {
    "uvicorn": {"--workers", "--reload", "--limit", "--trust"},
    "daphne": set(),
    "hypercorn": {"--workers"},
    "gunicorn-uvicorn": {"--workers"},
    "gunicorn-asgi": {"--workers"},
}


def refuse(why):
    print(f"serve.py: {why}", file=sys.stderr)
    sys.exit(2)


def read(words):
    server, *rest = words or [""]
    if server not in KNOWN:
        refuse(f"one of {', '.join(KNOWN)}, please")
    options, words = {}, iter(rest)
    for word in words:
        options[word] = True if word == "--reload" else next(words, "")
    if options.get("--workers") == "1":
        del options["--workers"]
    for option in options:
        if option not in KNOWN[server]:
            refuse(f"{server} has no {option}")
    if "--workers" in options and "--reload" in options:
        refuse("--reload runs one process, so there is no --workers beside it")
    return server, options


def uvicorn(host, port, options):
    words = ["uvicorn", "--host", host, "--port", port, "--workers", options.get("--workers", "1")]
    if "--reload" in options:
        words += ["--reload"]
    if "--limit" in options:
        words += ["--limit-concurrency", str(int(options["--limit"]) + 1)]
    if "--trust" in options:
        words += ["--proxy-headers", "--forwarded-allow-ips", options["--trust"]]
    else:
        words += ["--no-proxy-headers"]
    return words


def daphne(host, port, options):
    return ["daphne", "-b", host, "-p", port]


def hypercorn(host, port, options):
    return ["hypercorn", "-b", f"{host}:{port}", "-w", options.get("--workers", "1"), "--graceful-timeout", "20"]


def gunicorn(worker_class, *settings):
    def words(host, port, options):
        bind = ["-b", f"{host}:{port}", "-w", options.get("--workers", "1")]
        return ["gunicorn", *bind, "-k", worker_class, "--no-control-socket", *settings]

    return words


PROGRAMS = {
    "uvicorn": uvicorn,
    "daphne": daphne,
    "hypercorn": hypercorn,
    "gunicorn-uvicorn": gunicorn("uvicorn_worker.UvicornWorker"),
    "gunicorn-asgi": gunicorn("asgi", "--http-protocols=h2,h1", "--http2-cleartext=both"),
}

if __name__ == "__main__":
    server, options = read(sys.argv[1:])
    words = PROGRAMS[server](os.getenv("HOST", "127.0.0.1"), os.environ["PORT"], options)
    os.execv(sys.executable, [sys.executable, "-m", *words, APP])
