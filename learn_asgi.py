"""What the command `learn` starts, under a name of its own: no other `course` on PYTHONPATH can take our place."""

from __future__ import annotations

import sys
from pathlib import Path


def main() -> int:
    """Import the `course` that lies beside this file, and run it with the command line's arguments."""
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    try:
        from course.__main__ import main as run
    finally:
        # Only for that: in site-packages something may be called as a module of the standard library.
        del sys.path[0]
    return run()
