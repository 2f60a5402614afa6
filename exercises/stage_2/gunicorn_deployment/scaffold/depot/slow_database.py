"""A slow query on SQLite: `SELECT slow('tag')` waits, and answers its tag.

It waits where a slow PostgreSQL query would: inside the database driver, with the GIL released.
"""

from typing import Any

from django.db.backends.signals import connection_created

from depot import supplier


def install() -> None:
    """Teach `slow` to every connection from now on."""
    connection_created.connect(_teach, dispatch_uid="slow_database")


def _teach(connection: Any, **_: Any) -> None:
    connection.connection.create_function("slow", 1, supplier.ask)
