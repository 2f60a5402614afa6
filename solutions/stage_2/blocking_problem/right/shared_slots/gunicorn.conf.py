"""How gunicorn serves the shop."""

# Each process has more threads than the whole site runs reports: whichever worker takes them, one thread stays free.
worker_class = "gthread"
workers = 2
threads = 8
