"""A server's output: all of a little, the ends of a lot, never more than its bound."""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from checker.harness.log import HEAD_BYTES, LINE_CHARACTERS, TAIL_BYTES, Log
from checker.harness.run import Run
from tests.running import running, start

DEADLINE_S = 60
MIB = 1024 * 1024
FLOOD = """
import os
for _ in range(50):
    os.write(1, b"z" * 2**20)
for _ in range(150):
    os.write(1, bytes(range(256)) * 4096)
os.write(1, b"end\\n")
"""


class Pipe:
    """The writing end that a server would hold, and the Log that reads the other."""

    def __init__(self, path: Path) -> None:
        read_fd, self.fd = os.pipe()
        self.log = Log(read_fd, path)

    def write(self, output: bytes) -> None:
        """Write it all."""
        while output:
            output = output[os.write(self.fd, output) :]

    def end(self) -> Log:
        """Close it, as a server's death does; the Log has then read everything."""
        os.close(self.fd)
        assert self.log.wait_end(DEADLINE_S)
        return self.log


@pytest.fixture
def pipe(tmp_path: Path) -> Pipe:
    return Pipe(tmp_path / "server.log")


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    with running(tmp_path) as run:
        yield run


def test_a_little_output_is_kept_whole(pipe: Pipe, tmp_path: Path) -> None:
    pipe.write(b"one\n\ntwo  \n")
    log = pipe.end()
    assert log.text == "one\n\ntwo  \n"
    assert log.last_lines() == ["one", "two"]
    assert log.last_lines(1) == ["two"]
    log.close()
    assert (tmp_path / "server.log").read_text() == log.text


def test_of_a_lot_both_ends_are_kept_and_the_middle_is_counted(pipe: Pipe) -> None:
    lines = [b"line %07d\n" % number for number in range(200_000)]
    pipe.write(b"".join(lines))
    text = pipe.end().text
    assert text.startswith("line 0000000\n")
    assert text.endswith("line 0199999\n")
    kept, left_out = len(text), 13 * 200_000 - HEAD_BYTES - TAIL_BYTES
    assert kept < HEAD_BYTES + 2 * TAIL_BYTES
    (said,) = [line for line in text.splitlines() if "left out" in line]
    assert left_out - TAIL_BYTES <= int(said.split()[1].replace(",", "")) <= left_out


def test_a_sign_of_several_bytes_across_the_seam_is_read_whole(pipe: Pipe) -> None:
    pipe.write(b"x" * (HEAD_BYTES - 1) + "é and more".encode())
    assert pipe.end().text.endswith("xé and more")


def test_what_is_no_text_is_shown_by_replacement_characters(pipe: Pipe, tmp_path: Path) -> None:
    pipe.write(bytes(range(256)) + b"\nred \x1b[31m\tend\n")
    log = pipe.end()
    assert log.last_lines(1) == ["red \ufffd[31m end"]
    assert all(line.isprintable() for line in log.last_lines())
    log.close()
    assert "red" in (tmp_path / "server.log").read_text(encoding="utf-8")


def test_a_line_without_end_is_cut_short(pipe: Pipe) -> None:
    pipe.write(b"y" * 100_000)
    (line,) = pipe.end().last_lines()
    assert line == "y" * LINE_CHARACTERS + "... (100,000 characters)"


def test_waiting_ends_as_soon_as_the_text_is_there(pipe: Pipe) -> None:
    pipe.write(b"now rea")
    pipe.write(b"dy")
    assert pipe.log.wait_for("ready", DEADLINE_S)
    pipe.end()


def test_waiting_ends_with_the_output_when_the_text_never_came(pipe: Pipe) -> None:
    pipe.write(b"fatal\n")
    os.close(pipe.fd)
    assert pipe.log.wait_for("ready", deadline_s=3600) is False


def test_waiting_ends_at_its_deadline(pipe: Pipe) -> None:
    assert pipe.log.wait_for("ready", deadline_s=0.05) is False
    assert pipe.log.wait_end(0.05) is False
    pipe.end()


def test_200_mb_with_no_newline_for_50_take_little_memory(run: Run) -> None:
    before = _peak_bytes()
    process = start(run, sys.executable, "-c", FLOOD)
    assert process.wait(DEADLINE_S) == 0
    process.stop()
    assert process.log.text.endswith("end\n")
    assert len(process.log.text) < MIB
    assert (run.folder / "program.log").stat().st_size < 3 * MIB
    assert _peak_bytes() - before < 40 * MIB


def _peak_bytes() -> int:
    """The most memory this process ever had."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
