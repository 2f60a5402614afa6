"""gunicorn's server hooks, for all three profiles."""

import traceback


def worker_abort(worker):
    """Called in a worker that got SIGABRT, on the worker's main thread, shortly before it exits."""
    worker.log.error("worker %s aborted in:\n%s", worker.pid, "".join(traceback.format_stack()))
