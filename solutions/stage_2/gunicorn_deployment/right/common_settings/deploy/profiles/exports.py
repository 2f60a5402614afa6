"""The exports service.

"Three exports at once, and a fourth waits its turn. An export that takes its process down takes no other with it.
An export may take two minutes, also when gunicorn is told to stop. One that takes ten is stuck, and its worker has to
be replaced."
"""

from deploy.common import *

worker_class = "deploy.workers.ExportWorker"
workers = 3
timeout = 240
max_requests = 1000
max_requests_jitter = 100
