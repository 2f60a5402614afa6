"""What `systemd-analyze verify` says about unit files, where it is installed. It needs no running systemd."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

DEADLINE_S = 30.0
# True of this machine, not of the unit: the project, its programs and its neighbours live on another.
_OF_THIS_MACHINE = re.compile(r"is not executable|Special user |not found\.?$|Failed to (?:add|create) .*/start")


def verify(paths: Sequence[Path]) -> tuple[str, ...] | None:
    """Its lines about these units, with file names without folders; None where there is no systemd-analyze.

    Left out are its complaints about this machine: programs and units that are not installed here.
    """
    program = shutil.which("systemd-analyze")
    if program is None:
        return None
    done = subprocess.run(
        [program, "verify", "--man=no", *map(str, paths)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=DEADLINE_S,
        check=False,
    )
    text = done.stdout.decode(errors="replace")
    for path in paths:
        text = text.replace(f"{path.parent}/", "")
    about = re.compile("|".join(rf"\b{re.escape(path.name)}\b" for path in paths))
    return tuple(line for line in text.splitlines() if about.search(line) and not _OF_THIS_MACHINE.search(line))
