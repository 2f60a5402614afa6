"""The shop's settings: as little as a real project can have."""

SECRET_KEY = "only for this exercise"
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]

ROOT_URLCONF = "shop.urls"
WSGI_APPLICATION = "shop.wsgi.application"
INSTALLED_APPS: list[str] = []
MIDDLEWARE: list[str] = []

USE_TZ = True
TIME_ZONE = "UTC"

# With DEBUG off, Django would only mail an error's traceback. Print it.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
