"""The depot's settings: as little as a real project can have."""

import os
from pathlib import Path

PROJECT_FOLDER = Path(__file__).resolve().parent.parent

SECRET_KEY = "only for this exercise"
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]

# The release that is deployed. A worker reads it when it imports the project, as it reads your code.
RELEASE = Path(os.environ.get("RELEASE_FILE", PROJECT_FOLDER / "RELEASE")).read_text().strip()

ROOT_URLCONF = "depot.urls"
WSGI_APPLICATION = "depot.wsgi.application"
INSTALLED_APPS = ["depot"]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("DATABASE_PATH", PROJECT_FOLDER / "db.sqlite3"),
    }
}

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
