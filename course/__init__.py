"""learn-asgi: an interactive course on how Django serves requests in production."""

__version__ = "0.1.0"
