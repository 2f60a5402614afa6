#!/bin/sh
# What has to happen before gunicorn starts. Then gunicorn takes the shell's place.
set -e
python manage.py check
exec "$@"
