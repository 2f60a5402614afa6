"""Given: Django's command line. `python manage.py check` tells whether the settings hold."""

import os
import sys

from django.core.management import execute_from_command_line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tower.settings")
execute_from_command_line(sys.argv)
