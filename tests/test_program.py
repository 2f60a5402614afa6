"""checker/harness/program.py: command-line programs of the learner's."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from checker.harness.bounds import MOST_PIECES
from checker.harness.events import EventKind
from checker.harness.findings import NotYet
from checker.harness.program import Program
from checker.harness.run import Run
from tests.running import SLEEPER, running

WORD = """
import sys

def divide(word):
    return 1 / len(word)

word = sys.stdin.readline().strip()
print("heard", word, flush=True)
print("half a line", end="", flush=True)
divide(word)
"""


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    with running(tmp_path, {"word.py": WORD, "broken.py": "def f(:\n"}) as run:
        yield run


def started(run: Run, *arguments: str, stdin: bytes | None = b"") -> Program:
    return Program(run, [sys.executable, *arguments], name="word", stdin=stdin)


def test_it_reads_what_it_is_given_and_says_what_it_says(run: Run) -> None:
    with started(run, "word.py", stdin=b"hello\n" + b"x" * 1_000_000) as program:
        assert program.wait(10) == 0
        assert program.lines == ["heard hello", "half a line"]
        assert program.stdout == b"heard hello\nhalf a line"
        assert [e["line"] for e in run.history.events(EventKind.PROGRAM_LINE)] == ["heard hello"]


def test_an_open_stdin_is_written_to_later(run: Run) -> None:
    with started(run, "word.py", stdin=None) as program:
        assert not program.lines
        program.write(b"later\n")
        assert program.wait_for(lambda p: "heard later" in p.lines)


def test_the_end_of_its_output_ends_the_waiting(run: Run) -> None:
    with started(run, "-c", "print('bye')") as program:
        assert not program.wait_for(lambda p: "never" in p.lines, deadline_s=60)
        assert program.lines == ["bye"]


def test_an_error_is_told_with_the_learners_own_line(run: Run) -> None:
    with started(run, "word.py", stdin=b"\n") as program:
        assert program.wait(10) == 1
        finding = program.crashed("the word is divided").finding
    assert finding.code == "program-crashed"
    assert finding.saw == "`word` ended with exit code 1: ZeroDivisionError: division by zero"
    assert finding.where is not None
    assert (finding.where.file, finding.where.line, finding.where.function) == ("word.py", 5, "divide")


def test_a_syntax_error_has_its_line_too(run: Run) -> None:
    with started(run, "-c", "import broken") as program:
        program.wait(10)
        finding = program.crashed("it starts").finding
    assert "SyntaxError" in finding.saw
    assert finding.where is not None
    assert (finding.where.file, finding.where.line) == ("broken.py", 1)


def test_a_signal_ends_it_and_is_named(run: Run) -> None:
    with started(run, "-c", SLEEPER) as program:
        assert program.wait_for(lambda p: p.lines == ["asleep"])
        program.send_signal(signal.SIGTERM)
        assert program.wait(10) == -signal.SIGTERM
        assert "ended by SIGTERM" in program.crashed("it stays").finding.saw
        program.send_signal(signal.SIGTERM)  # nobody is hurt


ENDLESS = {
    "lines": "while True: print('more')",
    "bytes": "import os\nwhile True: os.write(1, b'x' * 65536)",
}


@pytest.mark.parametrize("code", ENDLESS.values(), ids=ENDLESS)
def test_output_without_end_ends_the_program_and_is_a_finding(run: Run, code: str) -> None:
    with started(run, "-c", code) as program:
        with pytest.raises(NotYet) as told:
            program.wait_for(lambda p: "never" in p.lines, deadline_s=60)
        assert program.process.wait(10) is not None
        for ask in (lambda: program.wait(1), lambda: program.lines, lambda: program.stdout):
            with pytest.raises(NotYet, match="output-endless"):
                ask()
    assert told.value.finding.code == "output-endless"
    assert "`word`" in told.value.finding.wanted
    assert len(run.history.events(EventKind.PROGRAM_LINE)) <= 2 * MOST_PIECES
