"""The station with a client of Valkey that is more patient than the layer's longest wait."""

import os

# Whoever starts a process says where Valkey is, and to which deployment the process belongs.
REDIS_URL = os.environ.get("REDIS_URL", "")
INSTANCE_PREFIX = os.environ.get("INSTANCE_PREFIX", "station")

# Longer than the 5 seconds for which the layer waits in Valkey.
PATIENCE_S = 30

CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {
            "hosts": [{"address": REDIS_URL, "socket_timeout": PATIENCE_S, "max_connections": 5000}],
            "prefix": INSTANCE_PREFIX,
        },
    }
}

DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
ROOT_URLCONF = "station.urls"
INSTALLED_APPS = ["station"]
# No cookies and no forms here: /api/announce/ is called by other programs, so there is nothing CSRF could abuse.
MIDDLEWARE: list[str] = []
SECRET_KEY = "only-for-this-exercise"
USE_TZ = True

# The layer tells of what it drops by a line of INFO, and by nothing else.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "INFO"},
}
