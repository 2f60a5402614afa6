"""Given: Django's command line. It loads settings of its own: station/settings_console.py."""

import os
import sys

from django.core.management import execute_from_command_line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "station.settings_console")
execute_from_command_line(sys.argv)
