"""The core layer with shorter waits in Valkey than redis-py 8 has patience for (5 seconds)."""

from channels_redis.core import RedisChannelLayer


class ShortPopLayer(RedisChannelLayer):
    """An idle process asks Valkey every two seconds instead of every five."""

    brpop_timeout = 2
