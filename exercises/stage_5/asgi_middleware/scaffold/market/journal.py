"""Given: the journal, a line for each visit. The proxy's people search it by the id."""

import json
import sys


def note(*, id, kind, path, status):
    """Write the line of a visit that is over. `kind` is "http" or "websocket"."""
    line = {"id": id, "kind": kind, "path": path, "status": status}
    sys.stderr.write(f"visit {json.dumps(line)}\n")
