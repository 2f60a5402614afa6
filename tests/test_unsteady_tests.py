"""How `make test` runs our tests: one that fails has one more try, and is told by name."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

from tests.grading import lay
from tests.tree import ROOT

# Beside xdist, by file, with a server of the whole session that must be started once.
TESTS = """
import os
from pathlib import Path
import pytest

HERE = Path(__file__).parent

@pytest.fixture(scope="session")
def server():
    with (HERE / "started").open("a") as file:
        file.write("started\\n")

@pytest.fixture(scope="module")
def site(server):
    return "site"

def test_steady(site):
    pass

def test_unsteady(site):
    tried = HERE / "tried"
    if not tried.exists():
        tried.touch()
        raise AssertionError("the first time")

def test_red(site):
    assert not site
"""


def options() -> list[str]:
    """Those that the Makefile gives to pytest, on two processors."""
    (line,) = re.findall(r"^PYTEST = \$\(RUN\) -m pytest (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    return shlex.split(re.sub(r'"\$\$\(\(.*?\)\)"', "2", line))


def test_what_passes_only_the_second_time_is_told_by_name(tmp_path: Path) -> None:
    lay(tmp_path, {"test_toy.py": TESTS, "pytest.ini": "[pytest]\naddopts = -ra\n"})
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options(), str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "1 failed, 2 passed, 2 rerun" in done.stdout
    told = [line for line in done.stdout.splitlines() if line.startswith(("RERUN", "PASSED"))]
    assert {"RERUN test_toy.py::test_unsteady", "PASSED test_toy.py::test_unsteady"} < set(told)
    assert not [line for line in told if "test_steady" in line]
    assert (tmp_path / "started").read_text().count("started") == 1
