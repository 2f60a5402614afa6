"""Given: the settings of a small site without a database."""

SECRET_KEY = "only for this exercise"
DEBUG = False
ALLOWED_HOSTS = ["*"]

ROOT_URLCONF = "wire.urls"
ASGI_APPLICATION = "wire.asgi.application"
INSTALLED_APPS: list[str] = []
MIDDLEWARE: list[str] = []
DATABASES: dict[str, object] = {}

TIME_ZONE = "UTC"
USE_TZ = True

# Errors and warnings go to the terminal (the server's log), also while DEBUG is off.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "loggers": {"django": {"handlers": ["console"], "level": "INFO", "propagate": False}},
}
