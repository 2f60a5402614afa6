#!/usr/bin/env python
"""Django's command line: `python manage.py check`, `python manage.py shell`."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "office.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
