"""The station on Valkey's own publish and subscribe: nothing pops, so nothing can be given up."""

import os

# Whoever starts a process says where Valkey is, and to which deployment the process belongs.
REDIS_URL = os.environ.get("REDIS_URL", "")
INSTANCE_PREFIX = os.environ.get("INSTANCE_PREFIX", "station")

CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL], "prefix": INSTANCE_PREFIX},
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
