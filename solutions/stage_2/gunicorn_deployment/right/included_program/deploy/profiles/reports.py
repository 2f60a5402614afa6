"""The reports service.

"Two processes, so that there is one left when the other dies. Eight reports at once, and really eight, whichever worker
they land on. A new release costs nobody an error. When a worker has to be aborted, the log tells where its threads were.
A report takes twenty seconds at most, and gets them when gunicorn is told to stop."
"""

from deploy.hooks import worker_abort as worker_abort

worker_class = "gthread"
workers = 2
threads = 4

# A worker with four threads takes four connections and not one more. The fifth stays in the queue that both processes
# take from. The price: no connection is kept for a second request.
worker_connections = threads
keepalive = 0

# Who is told to stop has so long for what is under way.
graceful_timeout = 30
