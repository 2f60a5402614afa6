"""Given: the board's settings."""

SECRET_KEY = "only for this exercise"
DEBUG = False
ALLOWED_HOSTS = ["*"]

ROOT_URLCONF = "board.urls"
ASGI_APPLICATION = "board.asgi.application"
INSTALLED_APPS = ["board"]
MIDDLEWARE = []
DATABASES = {}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TIME_ZONE = "UTC"
USE_TZ = True

# Errors and warnings go to the terminal (the server's log), also while DEBUG is off.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "loggers": {"django": {"handlers": ["console"], "level": "INFO", "propagate": False}},
}
