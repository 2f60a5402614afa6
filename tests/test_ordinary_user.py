"""The servers, those that are forked, and the attacks, without any rights: root hands the tests to `nobody`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from course.content.places import ROOMS

ORDINARY_UID = 65534
SERVERS = ("tests/test_servers.py", "tests/test_services.py", "tests/test_supervisord.py")
FORKED = ("tests/test_zygote.py",)
ATTACKS = ("tests/test_attacks.py",)


@pytest.mark.skipif(os.geteuid() != 0, reason="these tests run as an ordinary user already")
@pytest.mark.parametrize("files", [SERVERS, FORKED, ATTACKS], ids=["servers", "forked", "attacks"])
def test_all_of_this_holds_for_an_ordinary_user(files: Sequence[str]) -> None:
    folder = Path(tempfile.mkdtemp(prefix="u-"))
    try:
        os.chown(folder, ORDINARY_UID, ORDINARY_UID)
        python = _python_for_everybody(folder)
        done = _as_ordinary_user(folder, python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files)
        assert done.returncode == 0, done.stdout
        assert " passed" in done.stdout
        assert "failed" not in done.stdout
    finally:
        shutil.rmtree(folder)


def _as_ordinary_user(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "LD_LIBRARY_PATH": str(folder / "python" / "lib"),
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return subprocess.run(
        command,
        cwd=ROOMS,
        env=environment,
        user=ORDINARY_UID,
        group=ORDINARY_UID,
        extra_groups=[],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=280,
        check=False,
    )


def _python_for_everybody(folder: Path) -> str:
    """A Python that the ordinary user may run and that has our packages: this one, or a copy of it with its library."""
    if _may_run(folder, sys.executable):
        return sys.executable
    library = Path(sysconfig.get_path("stdlib"))
    copied = folder / "python" / "lib" / library.name
    unused = shutil.ignore_patterns("test", "tests", "idlelib", "ensurepip", "config-*", "site-packages")
    shutil.copytree(library, copied, ignore=unused)
    (copied / "site-packages").mkdir()
    (copied / "site-packages" / "ours.pth").write_text(sysconfig.get_path("purelib"))
    python = folder / "python" / "bin" / library.name
    python.parent.mkdir()
    shutil.copy(Path(sys.executable).resolve(), python)
    for shared in Path(sysconfig.get_config_var("LIBDIR")).glob("libpython3*.so*"):
        shutil.copy(shared, copied.parent)
    if not _may_run(folder, str(python)):
        pytest.skip("an ordinary user may neither run this Python nor read the course and its packages")
    return str(python)


def _may_run(folder: Path, python: str) -> bool:
    try:
        return (
            _as_ordinary_user(folder, python, "-c", "import checker.harness.server, pytest, gunicorn").returncode == 0
        )
    except OSError:
        return False
