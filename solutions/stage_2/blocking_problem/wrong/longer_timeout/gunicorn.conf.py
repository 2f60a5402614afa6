"""How gunicorn serves the shop."""

worker_class = "sync"
workers = 1
timeout = 120
