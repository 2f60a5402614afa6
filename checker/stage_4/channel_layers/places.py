"""The line at fault in the learner's files: the first that does such a thing."""

from __future__ import annotations

from checker.harness.lines import line_matching
from checker.harness.run import Run
from course.model import SourceLine

MEMORY = (r".*InMemoryChannelLayer",)
HOSTS = (r".*[\"']hosts[\"']", r"\s*CHANNEL_LAYERS\b")
ADDRESS = (r"(?!ALLOWED_HOSTS).*(?:localhost|127\.0\.0\.1|6379).*", r".*[\"']address[\"']", *HOSTS)
POOL = (r".*max_connections", *HOSTS)
PATIENCE = (r".*socket_timeout", r".*[\"']address[\"']", *HOSTS)
PREFIX = (r".*[\"']prefix[\"']", *HOSTS)
SENDS = (r".*\bgroup_send\b", r".*\.send\(")
AT = (r".*[\"']at[\"']", *SENDS)
_SPAWN = r".*\b(?:Thread|create_task|ensure_future|run_in_executor|submit)\("
SPAWNS = (_SPAWN, *SENDS)
UNSENT = (*MEMORY, _SPAWN)
COMMAND_SENDS = (r"(?!.*(?:add_argument|\bdef ))\s.*\(.*\broom\b", *SENDS)
HIDES = (r"\s*except\b.*", r".*\bsuppress\(")
_HEALTH = (r".*\bdef healthz\b", r".*\bhealthz\b")
HANGS = (r".*\.receive\(", r".*\.ping\(", *_HEALTH)
_REMEMBERS = (r".*\bcache", r"\s*global\b", r".*(?:time|monotonic)\(\) *<")
BLIND = (r".*\.ping\(", r".*RedisChannelLayer\(", *_REMEMBERS, r".*\blayer\.send\(", r".*\.receive\(", *_HEALTH)
STAYS = (r".*new_channel\(.+\)", *_REMEMBERS, r"_\w+ = (?:\[\]|None|False)", *_HEALTH)
NO_REASON = (r".*[\"']reason[\"']", *_HEALTH)
WRITES = (r".*\.(?:set|setex|hset|zadd|sadd|lpush|rpush|xadd|incr)\(",)
LEAKS = (_SPAWN, r".*\bshield\(", r".*Redis\w*\(", r".*\.group_add\(", r".*\.new_channel\(", *_HEALTH)
LEAKING_SENDS = (r".*\bmake_backend\(", r".*Redis\w*\(", *SPAWNS)

VIEWS, COMMAND = "station/views.py", "station/management/commands/announce.py"


def line(run: Run, *patterns: str, files: str = "*.py", first: str = VIEWS) -> SourceLine | None:
    """The first line of a file of theirs that begins by the first of these patterns that any does; none of a given.

    `first` is the file of the way that was tried: where several do the same, that one did it.
    """
    names = [path.relative_to(run.project).as_posix() for path in sorted(run.project.rglob(files))]
    names.sort(key=lambda name: name != first)
    own = [name for name in names if name not in run.given]
    found = (line_matching(run.project, name, [pattern]) for pattern in patterns for name in own)
    return next((place for place in found if place), None)
