"""checker/harness/lines.py: the line of a learner's file that a finding points at."""

from __future__ import annotations

from pathlib import Path

import pytest

from checker.harness.lines import line_matching, line_with
from course.model import SourceLine

SETTINGS = '''"""Settings: MIDDLEWARE and what it needs."""

# MIDDLEWARE = []
MIDDLEWARE = [
    "shop.middleware.Tenant",  # the first
]
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "settings.py").write_text(SETTINGS)
    return tmp_path


def test_the_first_line_of_code_that_holds_the_text_counts(folder: Path) -> None:
    assert line_with(folder, "settings.py", "MIDDLEWARE") == SourceLine("settings.py", 4, doing="MIDDLEWARE = [")
    tenant = line_with(folder, "settings.py", "Tenant")
    assert tenant is not None
    assert tenant.line == 5


def test_patterns_are_tried_in_their_order(folder: Path) -> None:
    found = line_matching(folder, "settings.py", [r"DATABASES\b", r"\s*\]", r"MIDDLEWARE"])
    assert found is not None
    assert found.line == 6


def test_without_such_a_line_or_file_there_is_no_place(folder: Path) -> None:
    assert line_with(folder, "settings.py", "DATABASES") is None
    assert line_with(folder, "urls.py", "path(") is None
