"""The box office's settings, as they were on the developer's machine."""

import os

from office.release import RELEASE  # it is settings.RELEASE from here on


def seconds(name: str, default: float) -> float:
    """A number of seconds from the environment."""
    try:
        return float(os.environ[name])
    except (KeyError, ValueError):
        return default


# How long a call to the theatre may take.
THEATRE_TIMEOUT_S = seconds("THEATRE_TIMEOUT_S", 10.0)

SECRET_KEY = os.environ.get("SECRET_KEY", "change me before the premiere")
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]

ROOT_URLCONF = "office.urls"
WSGI_APPLICATION = "office.wsgi.application"
INSTALLED_APPS: list[str] = []
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]

USE_TZ = True
# Django exports this to the process: in another zone, gunicorn's log would change its clock when Django loads.
TIME_ZONE = "UTC"

# With DEBUG off, Django would only mail an error's traceback. Print it.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
