"""What the probe tells of an error: the same frames on every Python, whatever else its traceback marks."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from checker.probe.learn_probe.errors import described

DEPTH = 12


def test_a_traceback_keeps_its_frames_and_no_marks(tmp_path: Path) -> None:
    deep = "".join(f"def f{n}(): return 1 + f{n + 1}()\n" for n in range(DEPTH))
    (tmp_path / "deep.py").write_text(f"{deep}def f{DEPTH}(): return 1 + [][0]\nf0()\n")
    with pytest.raises(IndexError) as raised:
        runpy.run_path(str(tmp_path / "deep.py"))
    lines = described(raised.value)["traceback"].splitlines()
    assert len([line for line in lines if "deep.py" in line]) == DEPTH + 2
    assert not [line for line in lines if not line.strip(" ^~")]
    assert lines[-1] == "IndexError: list index out of range"
