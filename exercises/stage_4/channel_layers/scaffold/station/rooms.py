"""Given: the group of a room. A group's name is short and plain ASCII; a room's name may be anything."""

from hashlib import sha256


def group_of(room):
    """The name of the group in which the sockets of this room are."""
    return f"room.{sha256(room.encode()).hexdigest()}"
