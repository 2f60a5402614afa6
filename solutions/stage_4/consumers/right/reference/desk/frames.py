"""What clients may say: a frame is read whole, before anything is done by it."""

import json

# Each op with the keys that it needs beside `id`; all of them are texts.
LEGACY_OPS = {"ping": (), "quote": ("sku",)}
DESK_OPS = {**LEGACY_OPS, "tick": ("sku",), "stop": ()}


class BadFrame(ValueError):
    """Not what the lesson's table says."""


def read(text, ops):
    """The frame's op, id, and the values that the op needs. `text` is None for a binary frame. Raises BadFrame."""
    try:
        frame = json.loads(text or "")
    except (ValueError, RecursionError) as error:
        raise BadFrame(f"no JSON text: {error}") from None
    if not isinstance(frame, dict):
        raise BadFrame("no JSON object")
    op = frame.get("op")
    if not isinstance(op, str) or op not in ops:
        raise BadFrame(f"op is one of {', '.join(ops)}")
    if "id" not in frame:
        raise BadFrame("id is missing")
    values = [frame.get(key) for key in ops[op]]
    if not all(isinstance(value, str) for value in values):
        raise BadFrame(f"{op} needs texts: {', '.join(ops[op])}")
    return op, frame["id"], values
