"""What a client may send."""

import json
import time
from collections import deque

from django.conf import settings

MOST_BYTES = 4096
MOST_KEY_CHARACTERS = 64


class BadFrame(Exception):
    """Why a frame is refused, and the id it had, if that can be told."""

    def __init__(self, reason, key=None):
        super().__init__(reason)
        self.answer = {"error": reason} if key is None else {"error": reason, "for": key}


def read(text_data):
    """The id and the text of a frame."""
    try:
        frame = json.loads(text_data or "")
    except (ValueError, RecursionError):
        raise BadFrame("this is no JSON") from None
    if not isinstance(frame, dict):
        raise BadFrame("this is no JSON object")
    key, text = frame.get("id"), frame.get("text")
    if not is_text(key) or not 0 < len(key) <= MOST_KEY_CHARACTERS:
        raise BadFrame(f"`id` must be a text of 1 to {MOST_KEY_CHARACTERS} characters")
    if not is_text(text) or not text:
        raise BadFrame("`text` must be a text, and not empty", key)
    if len(text.encode()) > MOST_BYTES:
        raise BadFrame(f"`text` is longer than {MOST_BYTES} bytes", key)
    return key, text


def is_text(value):
    """JSON may hold halves of a character (`"\\ud83e"`), which UTF-8 cannot."""
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


class Pace:
    """How fast one socket speaks."""

    def __init__(self):
        self.times = deque()

    def allows_one_more(self):
        now = time.monotonic()
        while self.times and self.times[0] <= now - settings.FLOOD_SECONDS:
            self.times.popleft()
        if len(self.times) >= settings.FLOOD_FRAMES:
            return False
        self.times.append(now)
        return True
