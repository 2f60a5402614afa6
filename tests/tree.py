"""The repository's own files, as git would commit them, for the tests that look at all of them."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("course", "checker", "exercises", "solutions")
LEFTOVERS = (
    "__pycache__",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".git",
    ".venv",
    ".venv-3.13",
    "dist",
    "wsgi-asgi",
)


@cache
def files() -> tuple[Path, ...]:
    """Every file, relative to the root: what git tracks, even if ignored, and what is new and not ignored.

    Where there is no git repository (an unpacked archive): every file that no tool has left there.
    """
    listed = _listed_by_git()
    found = listed if listed is not None else _found_on_disk()
    return tuple(sorted(path for path in found if (ROOT / path).is_file()))


def copy_to(folder: Path) -> Path:
    """A copy of these files in a folder of its own: a checkout without anything that was installed or built."""
    for path in files():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / path, folder / path)
    return folder


def _listed_by_git() -> list[Path] | None:
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        return None
    # safe.directory: else git refuses a checkout of another user's, as CI and root often have it.
    command = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [Path(name) for name in done.stdout.split("\0") if name]


def _found_on_disk() -> list[Path]:
    found = (path.relative_to(ROOT) for path in ROOT.rglob("*"))
    return [path for path in found if not set(path.parts) & set(LEFTOVERS)]
