"""The shop's settings: as little as a real project can have."""

import os
from pathlib import Path

PROJECT_FOLDER = Path(__file__).resolve().parent.parent

SECRET_KEY = "only for this exercise"
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]

ROOT_URLCONF = "shop.urls"
WSGI_APPLICATION = "shop.wsgi.application"
INSTALLED_APPS = ["shop"]
MIDDLEWARE = ["shop.health.Health", "shop.middleware.HandlerNumber", "django.middleware.common.CommonMiddleware"]

CURRENCY = "EUR"

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("DATABASE_PATH", PROJECT_FOLDER / "db.sqlite3"),
    }
}

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
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
