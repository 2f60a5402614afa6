"""gunicorn, with the learner's own configuration file where the exercise is about it."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from checker.harness.learner_files import expect_python
from checker.harness.probed import probed
from checker.harness.run import Run
from checker.harness.server import Server, ServerPlan


def gunicorn(
    run: Run,
    app: str,
    *,
    name: str = "gunicorn",
    config: str | None = None,
    arguments: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
    asgi: bool = False,
) -> Server:
    """Start gunicorn on `app` ("shop.wsgi:application"). `config` is a file of the project, None for the defaults.

    `asgi` says that `app` speaks ASGI, for the asgi worker (add `--worker-class asgi`).
    """
    if config:
        expect_python(run.project, config)
    target, variables = probed(run, app, interface="asgi" if asgi else "wsgi")
    # gunicorn takes a gunicorn.conf.py that lies where it is started, asked for or not: without `config` it is
    # started elsewhere, and led to the project.
    folder = run.project if config else run.temporary
    settings = ["--config", config] if config else ["--chdir", str(run.project)]

    def command(listening_fd: int) -> list[str]:
        # -P: nothing in the project may stand in for gunicorn itself; gunicorn then adds the project to the path.
        # --no-control-socket: else each run opens a socket in the learner's home (gunicorn >= 25.1).
        return [
            sys.executable, "-P", "-m", "gunicorn",
            *settings,
            "--bind", f"fd://{listening_fd}",
            "--no-control-socket",
            *arguments,
            target,
        ]  # fmt: skip

    plan = ServerPlan(name, command, folder, {**variables, **(environment or {})})
    return Server(plan, run)
