"""The exports service.

"Three exports at once, and a fourth waits its turn. An export that takes its process down takes no other with it.
An export may take two minutes, also when gunicorn is told to stop. One that takes ten is stuck, and its worker has to
be replaced."
"""

# A process for each export: what one does to its process, it does to itself alone. A sync worker is one slot, and accepts
# nothing while it is busy, so the fourth export waits where any worker can take it.
worker_class = "sync"
workers = 3

# A sync worker cannot beat while it serves: for it, the heartbeat is a limit for requests.
timeout = 0

# The longest export, and a little: a stop waits so long for what is under way, then gunicorn kills.
graceful_timeout = 130
