"""How gunicorn serves the shop."""

workers = 9
