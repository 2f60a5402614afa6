"""How gunicorn serves the shop."""

worker_class = "gthread"
workers = 5
threads = 8
preload_app = True
