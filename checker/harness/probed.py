"""How the probe gets into a server: the server is given our wrapper, the wrapper is told the learner's app."""

from __future__ import annotations

import os
from typing import Literal

from checker.harness.run import Run
from checker.harness.server import PROBE_FOLDER


def probed(run: Run, app: str, *, interface: Literal["wsgi", "asgi"]) -> tuple[str, dict[str, str]]:
    """The app to name on the server's command line, and the variables that lead the probe to `app`."""
    variables = {
        "PYTHONPATH": str(PROBE_FOLDER),
        "LEARN_APP": app,
        "LEARN_PROBE": str(run.history.probe_socket),
        "LEARN_PROJECT": str(run.project),
        "LEARN_GIVEN": os.pathsep.join(sorted(run.given)),
    }
    return f"learn_probe.{interface}:application", variables
