"""Loads the probe as soon as a server's Python starts: then nothing of the project can stand in for what it imports.

Python imports this module at its start, since its folder is named in PYTHONPATH.
"""

from __future__ import annotations

import os
import sys
from importlib.machinery import PathFinder
from importlib.util import module_from_spec


def pass_on() -> None:
    """Run the `sitecustomize` that ours stands before: some Pythons have one of their own."""
    here = os.path.dirname(__file__)  # noqa: PTH120  pathlib is slow to import, and every child of a server comes here
    spec = PathFinder.find_spec("sitecustomize", [folder for folder in sys.path if folder != here])
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(module_from_spec(spec))


pass_on()
if {"LEARN_APP", "LEARN_SERVER"} <= os.environ.keys():
    from learn_probe import audit, loading, watchdog  # type: ignore[import-not-found]  # noqa: F401
if "LEARN_TASKS" in os.environ:
    from learn_probe import tasks  # noqa: F401
