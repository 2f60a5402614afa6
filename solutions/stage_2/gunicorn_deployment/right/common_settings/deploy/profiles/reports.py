"""The reports service.

"Two processes, so that there is one left when the other dies. Eight reports at once, and really eight, whichever worker
they land on. A new release costs nobody an error. When a worker has to be aborted, the log tells where its threads were.
A report takes twenty seconds at most, and gets them when gunicorn is told to stop."
"""

from deploy.common import *

workers = 2
threads = 4
worker_connections = 4
graceful_timeout = 25
