"""Given: no database, no session, and no channel layer. Consumers need none of them."""

DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
ROOT_URLCONF = "desk.urls"
ASGI_APPLICATION = "desk.asgi.application"
INSTALLED_APPS: list[str] = []
MIDDLEWARE: list[str] = []
SECRET_KEY = "only-for-this-exercise"
USE_TZ = True
