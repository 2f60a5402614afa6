"""How gunicorn serves the shop."""

# Five for the reports, one for the fast pages.
workers = 6

# Django is loaded once, before the fork: six processes share its memory until they write to it.
preload_app = True
