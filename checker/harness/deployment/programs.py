"""What a deployment file names on the machine it was written for, found on this one: programs and the project's folder.

One rule for units, Dockerfiles and supervisord:
 1. a program called gunicorn, uvicorn, daphne, hypercorn, python ... is the one that belongs to the Python the checks
    run with, whatever folder is written before it (`/srv/shop/.venv/bin/gunicorn`);
 2. the folder in which the project lies there (`WorkingDirectory=`, `WORKDIR`) is the learner's project, wherever it is
    named: in arguments, in values, before a script of the project's own;
 3. everything else is what it is called: looked up in PATH, or by its path. What is not here cannot be started.
Users that a file names are never changed to: only root could, and they hardly exist here.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from checker.harness.findings import NotYet
from checker.harness.run import Run
from course.model import Finding, SourceLine

_PYTHON = shlex.quote(sys.executable)
# -P: as for an installed script, nothing in the folder it is started in may stand in for the server itself.
_LAUNCHERS = {
    "gunicorn": f"exec {_PYTHON} -P -m gunicorn",
    "gunicornc": f"exec {_PYTHON} -P -m gunicorn.ctl.cli",
    "uvicorn": f"exec {_PYTHON} -P -m uvicorn",
    "daphne": f"exec {_PYTHON} -P -m daphne",
    "hypercorn": f"exec {_PYTHON} -P -m hypercorn",
    "django-admin": f"exec {_PYTHON} -P -m django",
    "python": f"exec {_PYTHON}",
    "python3": f"exec {_PYTHON}",
    # `ExecReload=/bin/kill`: small machines have it in the shell only.
    "kill": "kill",
    # Read by a shell (`. .venv/bin/activate`): what it would do is done.
    "activate": ":",
}
# Inside an argument, perhaps a shell's: "cd /srv/shop && .venv/bin/gunicorn ...".
_INSTALLED = re.compile(rf"(?<![^\s'\"])[^\s'\"=]*/bin/({'|'.join(_LAUNCHERS)})(?![^\s'\";])")

_PLAIN = re.compile(r"[A-Za-z0-9_@+:,./-]+")


def programs(run: Run) -> Path:
    """The folder of rule 1: one small launcher for each program. It belongs in front of PATH."""
    folder = run.temporary / "bin"
    if not folder.is_dir():
        folder.mkdir()
        for name, start in _LAUNCHERS.items():
            launcher = folder / name
            launcher.write_text(f'#!/bin/sh\n{start} "$@"\n', encoding="utf-8")
            launcher.chmod(0o755)
    return folder


@dataclass(frozen=True, slots=True)
class Translation:
    """How a deployment file of another machine is read on this one."""

    project: Path
    programs: Path
    folders: tuple[str, ...] = ()  # where the project lies on that machine

    def word(self, text: str) -> str:
        """An argument or a value, with the project's folder and the programs of rule 1 replaced."""
        for folder in sorted(filter(_is_own, self.folders), key=len, reverse=True):
            start = re.compile(rf"(?<![\w/.~-]){re.escape(folder.rstrip('/'))}(?![\w.-])")
            text = start.sub(lambda _: str(self.project), text)
        # In a shell's text by name, since the folder's own path may hold blanks; PATH leads there.
        in_shell = " " in text.strip()
        return _INSTALLED.sub(lambda found: found[1] if in_shell else str(self.programs / found[1]), text)

    def program(self, name: str, path: str) -> str | None:
        """The program's file, looked up in `path` when it is a bare name; None when it is not on this machine."""
        called = re.sub(r"^python3\.\d+$", "python3", name.rpartition("/")[2])
        if called in _LAUNCHERS and not (called == "kill" and Path(name).is_file()):
            return str(self.programs / called)
        file = self.word(name)
        if "/" in file and not Path(file).is_absolute():
            file = str(self.project / file)
        return shutil.which(file, path=path)

    def values(self, environment: Mapping[str, str]) -> dict[str, str]:
        """Variables for the program: translated, with the programs of rule 1 in front of PATH."""
        # TMPDIR stays the run's: by it a run finds what it has started (control_group.py, course/shared/ledger.py).
        translated = {name: self.word(value) for name, value in environment.items() if name not in {"PATH", "TMPDIR"}}
        usual = environment.get("PATH") or os.environ.get("PATH", os.defpath)
        return {**translated, "PATH": f"{self.programs}{os.pathsep}{usual}"}


def translation(run: Run, folders: Iterable[str]) -> Translation:
    """The rule for one file of this run."""
    return Translation(plain(run, run.project), programs(run), tuple(folders))


def plain(run: Run, folder: Path) -> Path:
    """The folder by a name that a command line may hold unquoted: its own, or a link to it."""
    if _PLAIN.fullmatch(str(folder)):
        return folder
    link = run.temporary / f"link-{folder.name.encode().hex()}"
    if not link.is_symlink():
        link.symlink_to(folder, target_is_directory=True)
    return link


def refused(server: str, said: str, where: SourceLine | None = None) -> NotYet:
    """The finding for a file that its reader would not start anything by; `said` are the reader's words."""
    return NotYet(
        Finding(
            code="server-exited", wanted=f"{server} starts your project", saw=f"{server} refuses: {said}", where=where
        )
    )


def _is_own(folder: str) -> bool:
    return Path(folder).is_absolute() and folder.strip("/") != ""
