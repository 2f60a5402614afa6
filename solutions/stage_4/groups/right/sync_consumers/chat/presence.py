"""Who is in a room: a hash for each room, channel name -> user, and a sign of life for each process.

One thread renews one key, however many sockets the process holds. When the process dies, its key expires, and with it
everybody it has entered anywhere.
"""

import hashlib
import logging
import threading
import uuid
from functools import cache

import redis
from django.conf import settings

logger = logging.getLogger(__name__)
valkey = redis.Redis.from_url(settings.REDIS_URL, decode_responses=True)

PROCESS = uuid.uuid4().hex
LIFE_MS = int(settings.PRESENCE_SECONDS * 1000)


def room_key(title):
    return "room_" + hashlib.md5(title.encode(), usedforsecurity=False).hexdigest()


def enter(title, channel_name, user_name):
    show_life()
    valkey.hset(room_key(title), f"{PROCESS}:{channel_name}", user_name)


def leave(title, channel_name):
    valkey.hdel(room_key(title), f"{PROCESS}:{channel_name}")


def users(title):
    """The names of those whose process shows life, each once, sorted. Clears away the others."""
    entries = valkey.hgetall(room_key(title))
    processes = {field.split(":")[0] for field in entries}
    dead = {process for process in processes if not valkey.exists(f"alive:{process}")}
    gone = [field for field in entries if field.split(":")[0] in dead]
    if gone:
        valkey.hdel(room_key(title), *gone)
    return sorted({user for field, user in entries.items() if field not in gone})


@cache
def show_life():
    """Starts at the first join: by then the process serves."""
    renew()
    threading.Thread(target=keep_renewing, name="presence", daemon=True).start()


def keep_renewing():
    while True:
        threading.Event().wait(settings.PRESENCE_SECONDS / 4)
        try:
            renew()
        except redis.RedisError:
            logger.exception("could not show life")


def renew():
    valkey.set(f"alive:{PROCESS}", "1", px=LIFE_MS)
