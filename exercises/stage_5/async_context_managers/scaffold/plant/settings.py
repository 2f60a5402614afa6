"""Given: the plant's settings."""

SECRET_KEY = "only for this exercise"
DEBUG = False
ALLOWED_HOSTS = ["*"]

ROOT_URLCONF = "plant.urls"
ASGI_APPLICATION = "plant.asgi.application"
INSTALLED_APPS = []
MIDDLEWARE = []
DATABASES = {}

TIME_ZONE = "UTC"
USE_TZ = True

# Errors and warnings go to the terminal (the server's log), also while DEBUG is off.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "loggers": {"django": {"handlers": ["console"], "level": "INFO", "propagate": False}},
}
