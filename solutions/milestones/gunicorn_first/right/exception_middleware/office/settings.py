"""The box office's settings."""

import os

from django.core.exceptions import ImproperlyConfigured

from office.release import RELEASE  # it is settings.RELEASE from here on

# How long a call to the theatre may take.
try:
    THEATRE_TIMEOUT_S = float(os.environ.get("THEATRE_TIMEOUT_S", "10"))
except ValueError as error:
    raise ImproperlyConfigured(f"THEATRE_TIMEOUT_S: {error}") from error

# No default: a key that everybody can read signs nothing.
SECRET_KEY = os.environ.get("SECRET_KEY")
if not SECRET_KEY:
    raise ImproperlyConfigured("SECRET_KEY is not set.")
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]

ROOT_URLCONF = "office.urls"
WSGI_APPLICATION = "office.wsgi.application"
INSTALLED_APPS: list[str] = []
MIDDLEWARE = ["django.middleware.common.CommonMiddleware", "office.patience.Patience"]

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
