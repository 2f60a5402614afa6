"""The box office's settings."""

import os

from office.release import RELEASE  # it is settings.RELEASE from here on

# How long a call to the theatre may take.
# A value that is no number stops the start, and the traceback shows this line.
THEATRE_TIMEOUT_S = float(os.environ.get("THEATRE_TIMEOUT_S", "10"))

# No default: a key that everybody can read signs nothing.
SECRET_KEY = os.environ["SECRET_KEY"]
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
