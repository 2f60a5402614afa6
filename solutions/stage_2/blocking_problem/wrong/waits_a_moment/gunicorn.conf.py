"""How gunicorn serves the shop."""

worker_class = "gthread"
workers = 1
threads = 8
