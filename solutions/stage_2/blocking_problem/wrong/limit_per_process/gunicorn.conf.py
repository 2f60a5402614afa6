"""How gunicorn serves the shop."""

worker_class = "gthread"
workers = 2
threads = 8
