"""What programs write into files, told as it comes: rotated, cut short, endless, or no file at all."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from checker.log_folders import PIECE_BYTES, LogFolders


class Heard:
    """The folder's ears: what was handed on, by name."""

    def __init__(self, folder: Path) -> None:
        self.told: dict[str, bytes] = {}
        self._folders = LogFolders([folder], self._overheard)

    def look(self) -> dict[str, bytes]:
        """What is new."""
        self.told = {}
        self._folders.look()
        return self.told

    def _overheard(self, name: str, output: bytes) -> None:
        self.told[name] = self.told.get(name, b"") + output


@pytest.fixture
def heard(tmp_path: Path) -> Heard:
    """Of the test's own folder."""
    return Heard(tmp_path)


def test_each_piece_is_told_once(heard: Heard, tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    log.write_bytes(b"one\n")
    assert heard.look() == {"web": b"one\n"}
    assert heard.look() == {}
    with log.open("ab") as file:
        file.write(b"two\n")
    assert heard.look() == {"web": b"two\n"}


def test_a_rotated_file_is_not_told_again_and_its_successor_is(heard: Heard, tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    log.write_bytes(b"a long line\n")
    heard.look()
    log.rename(tmp_path / "web.log.1")
    log.write_bytes(b"new\n")
    assert heard.look() == {"web": b"new\n"}


def test_a_file_that_was_cut_short_is_told_from_its_beginning(heard: Heard, tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    log.write_bytes(b"a long line\n")
    heard.look()
    log.write_bytes(b"new\n")
    assert heard.look() == {"web": b"new\n"}


def test_a_large_file_is_told_piece_by_piece(heard: Heard, tmp_path: Path) -> None:
    (tmp_path / "web.log").write_bytes(b"x" * (PIECE_BYTES + 1))
    assert [len(heard.look()["web"]) for _ in range(2)] == [PIECE_BYTES, 1]


def test_what_is_no_file_does_no_harm(heard: Heard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path is short
    os.mkfifo("pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("nowhere")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
        (tmp_path / "web.log").write_bytes(b"one\n")
        assert heard.look() == {"web": b"one\n"}


def test_a_folder_that_is_gone_has_nothing_to_tell(tmp_path: Path) -> None:
    assert Heard(tmp_path / "gone").look() == {}
