"""gunicorn's server hooks, for all three profiles.

A configuration file takes them over by importing them: `from deploy.hooks import worker_abort`.
"""


def worker_abort(worker):
    """Called in a worker that got SIGABRT, on the worker's main thread, shortly before it exits."""
    worker.log.error("worker %s was aborted", worker.pid)
