"""checker/harness/systemd: unit files, read as systemd reads them, and what `systemd-analyze verify` says."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from checker.harness.systemd.unit import Unit, read_unit
from checker.harness.systemd.verify import verify
from course.model import SourceLine

UNIT = """\
# a comment
[Unit]
Description=The shop of %n
[Service]
Type=notify
Environment=ONE=1 "TWO=2 3" 'THREE=%p'
Environment=FOUR=4
ExecStart=/usr/bin/forgotten
ExecStart=
ExecStart=-/srv/shop/.venv/bin/gunicorn "a b" 'c'd \\
    ; a comment within
    $LIST ${LIST} ${NOTHING} --bind=$LIST 100%% \\
    e\\x20f
TimeoutStopSec=1min 30s
a line without an equals sign
RestartSec=banana
[Install]
WantedBy=multi-user.target
"""


def unit(folder: Path, text: str) -> Unit:
    path = folder / "web.service"
    path.write_text(text)
    return read_unit(path)


def test_a_unit_is_read_with_its_lines(tmp_path: Path) -> None:
    web = unit(tmp_path, UNIT)
    assert web.value("Type") == "notify"
    assert web.value("WantedBy", section="Install") == "multi-user.target"
    assert web.value("KillMode", "control-group") == "control-group"
    assert web.place("Type", tmp_path) == SourceLine("web.service", 5)
    assert (web.ignored_lines, web.place("ExecReload", tmp_path)) == ((15,), None)
    assert (web.seconds("TimeoutStopSec", 1), web.seconds("RestartSec", 7)) == (90, 7)
    assert web.environment() == {"ONE": "1", "TWO": "2 3", "THREE": "web", "FOUR": "4"}


def test_a_command_line_is_no_shells(tmp_path: Path) -> None:
    web = unit(tmp_path, UNIT)
    (command,) = web.commands("ExecStart")
    assert (command.program, command.prefixes, command.line) == ("/srv/shop/.venv/bin/gunicorn", "-", 10)
    assert command.is_absolute
    assert not command.in_shell
    words = command.expanded({"LIST": "x y"}, web.specifiers())[1:]
    assert words == ["a b", "cd", "x", "y", "x y", "", "--bind=$LIST", "100%", "e f"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("gunicorn -w 2", ""),
        (".venv/bin/gunicorn", "Neither a valid executable name nor an absolute path: .venv/bin/gunicorn"),
        ('/bin/gunicorn "app', "Unbalanced quoting"),
    ],
)
def test_a_command_that_systemd_leaves_out_says_why(tmp_path: Path, text: str, fault: str) -> None:
    (command,) = unit(tmp_path, f"[Service]\nExecStart={text}\n").commands("ExecStart")
    assert command.fault == fault


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_verify_tells_of_the_units_and_not_of_this_machine(tmp_path: Path) -> None:
    folder = tmp_path / "meine Wege für A"
    folder.mkdir()
    path = unit(folder, "[Service]\nType=notfy\nUser=nobody\nExecStart=/srv/nowhere/gunicorn\n").path
    assert verify([path]) == ("web.service:2: Failed to parse service type, ignoring: notfy",)
    path = unit(folder, "[Unit]\nRequires=nothing-here.service\n[Service]\nExecStart=/srv/nowhere/gunicorn\n").path
    assert verify([path]) == ()


def test_without_systemd_verify_tells_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert verify([tmp_path / "web.service"]) is None
