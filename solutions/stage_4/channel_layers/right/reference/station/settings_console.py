"""What manage.py loads: the same layer, since a command speaks to the sockets of other processes."""

from station.settings import *  # noqa: F403
