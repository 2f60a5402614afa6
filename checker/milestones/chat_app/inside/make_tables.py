"""Makes the tables of the learner's models as `manage.py migrate` does; then asks whether a migration is missing.

Run in the project's folder. Exits with MISSING where a model says what no migration makes.
"""

from __future__ import annotations

import os
import sys

MISSING = 3


def main() -> None:
    """Both commands in one process, which loads Django once."""
    import django
    from django.core.management import call_command

    sys.path.insert(0, os.getcwd())  # noqa: PTH109  # sys.path holds texts
    os.environ["DJANGO_SETTINGS_MODULE"] = "chat.settings"
    django.setup()
    call_command("migrate")
    try:
        call_command("makemigrations", check_changes=True, dry_run=True, interactive=False)
    except SystemExit:
        sys.exit(MISSING)


if __name__ == "__main__":
    main()
