"""Given: the clinic's settings."""

SECRET_KEY = "only for this exercise"
DEBUG = True  # or Django does not say what it adapts
ALLOWED_HOSTS = ["*"]

ROOT_URLCONF = "clinic.urls"
ASGI_APPLICATION = "clinic.asgi.application"
WSGI_APPLICATION = "clinic.wsgi.application"
INSTALLED_APPS = []
MIDDLEWARE = [
    "django.middleware.common.CommonMiddleware",
    "doctor.middleware.visit_middleware",
]
DATABASES = {}

TIME_ZONE = "UTC"
USE_TZ = True

# `django.request` at DEBUG tells in the server's log where a handler is adapted from sync to async, or back.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "loggers": {
        "django": {"handlers": ["console"], "level": "INFO", "propagate": False},
        "django.request": {"level": "DEBUG"},
    },
}
