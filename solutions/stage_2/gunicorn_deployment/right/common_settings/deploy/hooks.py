"""gunicorn's server hooks, for all three profiles."""

import faulthandler
import sys


def post_fork(server, worker):
    """Called in the worker, before it imports the project."""
    worker.log.info("worker %s is on its way", worker.pid)


def worker_abort(worker):
    """Called in a worker that got SIGABRT."""
    worker.log.critical("worker %s was stuck:", worker.pid)
    faulthandler.dump_traceback(file=sys.stderr, all_threads=True)
