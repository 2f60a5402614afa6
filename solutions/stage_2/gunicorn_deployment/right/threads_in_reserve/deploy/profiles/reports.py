"""The reports service.

"Two processes, so that there is one left when the other dies. Eight reports at once, and really eight, whichever worker
they land on. A new release costs nobody an error. When a worker has to be aborted, the log tells where its threads were.
A report takes twenty seconds at most, and gets them when gunicorn is told to stop."
"""

import faulthandler

# Each worker could run all eight alone: then it does not matter who gets what, and connections may be kept.
worker_class = "gthread"
workers = 2
threads = 8
keepalive = 15


def post_worker_init(worker):
    # After gunicorn has set its own handlers: faulthandler writes every thread's stack to stderr at SIGABRT, from C, even
    # while a thread holds the GIL. Then gunicorn's handler has its turn.
    faulthandler.enable(all_threads=True)
