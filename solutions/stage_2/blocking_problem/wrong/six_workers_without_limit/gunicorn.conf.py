"""How gunicorn serves the shop."""

workers = 6
preload_app = True
