"""A running gunicorn: its master, its workers, and what its configuration comes to. Starts no server."""
