"""How gunicorn serves the shop. Started in this folder, gunicorn reads this file by itself."""

# One process with more threads than reports may take: the rest stay free for the fast pages.
worker_class = "gthread"
workers = 1
threads = 12
