"""Given: this file stays as it is."""

import os

# No default on purpose: asgi.py says so where it is missing. Django's commands need none.
REDIS_URL = os.environ.get("REDIS_URL", "")

# One socket may send so many frames in so many seconds.
FLOOD_FRAMES = int(os.environ.get("FLOOD_FRAMES", "20"))
FLOOD_SECONDS = float(os.environ.get("FLOOD_SECONDS", "5"))

CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {
            "hosts": [
                {
                    "address": REDIS_URL,
                    # redis-py 8 gives up on a silent connection after 5 seconds. channels_redis 4.3 waits for messages
                    # with a BZPOPMIN of 5 seconds. Without this line an idle process loses a socket every 5 seconds.
                    # https://github.com/django/channels_redis/issues/422
                    "socket_timeout": None,
                    # redis-py 8 allows 100 connections a pool and refuses the next one; it was unlimited before.
                    "max_connections": 2000,
                }
            ],
        },
    }
}

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("DATABASE_PATH", "chat.sqlite3"),
        # Channels closes what is older after each event of each socket; with SQLite that empties the log file, too.
        "CONN_MAX_AGE": 600,
        "OPTIONS": {
            # Reading goes on while somebody writes; the file remembers it.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL",
            # One writer at a time: the next one waits so many seconds ...
            "timeout": 20,
            # ... also where it would read first: else its write fails at once, if somebody has written meanwhile.
            "transaction_mode": "IMMEDIATE",
        },
    }
}

DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
ROOT_URLCONF = "chat.urls"
ASGI_APPLICATION = "chat.asgi.application"
INSTALLED_APPS = ["chat"]
MIDDLEWARE = ["chat.identity.signed_in"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SECRET_KEY = "only-for-this-exercise"
USE_TZ = True

# The layer reports what it drops with INFO lines (`1 of 3 channels over capacity in group ...`) and nothing else.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "INFO"},
}
