"""The ledger's file: one JSON object a line, appended. Safe to use from several threads and processes."""

import json
import os
from pathlib import Path

LEDGER = Path(os.environ.get("LEDGER_PATH", "ledger.jsonl"))


def write(*, request_id: str, method: str, path: str, status: int, body_bytes: int, duration_ms: float) -> None:
    """Add one line. `status` is a number, `body_bytes` what of the body was handed to the server."""
    line = json.dumps(
        {
            "request_id": request_id,
            "method": method,
            "path": path,
            "status": status,
            "body_bytes": body_bytes,
            "duration_ms": round(duration_ms, 1),
        }
    )
    # One write of one short line to a file opened for appending: lines of several writers do not mix.
    with LEDGER.open("ab", buffering=0) as file:
        file.write(line.encode() + b"\n")
