"""The three services under the learner's profiles, and the world around them: started once, for all check files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from checker.harness import starters
from checker.harness.gate import Gate
from checker.harness.run import Run
from checker.stage_2.gunicorn_deployment import stack
from checker.stage_2.gunicorn_deployment.profiles import FIRST_RELEASE, Profile, start_all


@pytest.fixture(scope="session")
def release_file(run: Run) -> Path:
    """The file that says which release is deployed."""
    file = run.temporary / "release"
    file.write_text(FIRST_RELEASE)
    return file


@pytest.fixture(scope="session")
def profiles(gunicorn: starters.Gunicorn, gate: Gate, run: Run, release_file: Path) -> Mapping[str, Profile]:
    """The three services, each under a gunicorn of its own."""
    return start_all(run, gunicorn, gate, release_file)


@pytest.fixture(scope="session")
def outside(gate: Gate, run: Run, release_file: Path) -> Mapping[str, str]:
    """What a manager tells the depot about the world."""
    return stack.outside(gate, run, release_file, "managed")
