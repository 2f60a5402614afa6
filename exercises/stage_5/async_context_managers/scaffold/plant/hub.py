"""Your work: what the plant's pages borrow from the hub, as async context managers."""

from contextlib import asynccontextmanager


@asynccontextmanager
async def running():
    """Around the life of a process: asgi.py enters it at the server's startup, and leaves it at its shutdown."""
    # To do: the process's one line is open from here ...
    yield
    # ... to here.
