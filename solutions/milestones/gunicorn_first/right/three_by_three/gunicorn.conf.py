"""How gunicorn serves the box office. Started in this folder, gunicorn reads this file by itself."""

import math
import os

bind = os.environ.get("BIND", "127.0.0.1:8000")

# Nine places: eight slow pages and a quick one. A worker takes no more connections than it has threads, so
# nobody waits in one worker's queue while another has a free thread. It can keep none open in between, and says so.
worker_class = "gthread"
workers = 3
threads = 3
worker_connections = 3
keepalive = 0

# The heartbeat of a worker as a whole. A thread that hangs does not stop it: see THEATRE_TIMEOUT_S.
timeout = int(os.environ.get("WORKER_TIMEOUT_S", "30"))
# Whoever was in hand when a reload came gets his answer, also when the theatre takes as long as it may.
graceful_timeout = math.ceil(float(os.environ.get("THEATRE_TIMEOUT_S", "10"))) + 5

errorlog = "-"
accesslog = None  # the journal has it

if timeout < 1:
    raise ValueError(f"WORKER_TIMEOUT_S={timeout}: nobody would look at the heartbeat.")
