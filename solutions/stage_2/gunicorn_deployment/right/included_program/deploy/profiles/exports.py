"""The exports service.

"Three exports at once, and a fourth waits its turn. An export that takes its process down takes no other with it.
An export may take two minutes, also when gunicorn is told to stop. One that takes ten is stuck, and its worker has to
be replaced."
"""

# A process for each export: what one does to its process, it does to itself alone. A sync worker is one slot, and accepts
# nothing while it is busy, so the fourth export waits where any worker can take it.
worker_class = "sync"
workers = 3

# What an export leaves in memory leaves with its process. The next one is forked from a master that is loaded already.
max_requests = 1
preload_app = True

# A sync worker cannot beat while it serves: for it, the heartbeat is a limit for requests.
timeout = 300

# The longest export, and a little: a stop waits so long for what is under way, then gunicorn kills.
graceful_timeout = 130
