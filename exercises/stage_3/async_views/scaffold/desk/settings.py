"""Given: the desk's settings. The same for uvicorn and gunicorn."""

import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent

SECRET_KEY = "only for this exercise"
DEBUG = False
ALLOWED_HOSTS = ["*"]

ROOT_URLCONF = "desk.urls"
ASGI_APPLICATION = "desk.asgi.application"
WSGI_APPLICATION = "desk.wsgi.application"
INSTALLED_APPS = ["desk"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("DATABASE_PATH", BASE_DIR / "db.sqlite3"),
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# The desk has no users. What a REST page answers is JSON, whoever asks.
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "UNAUTHENTICATED_USER": None,
}

TIME_ZONE = "UTC"
USE_TZ = True

# Errors and warnings go to the terminal (the server's log), also while DEBUG is off.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "loggers": {"django": {"handlers": ["console"], "level": "INFO", "propagate": False}},
}
