"""How gunicorn serves the shop. Started in this folder, gunicorn reads this file by itself."""

# One process, which takes one connection, answers it to the last byte, and takes the next.
worker_class = "sync"
workers = 1
