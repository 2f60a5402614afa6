"""`learn watch` on a terminal of its own: saves, keys, another width, and what is left when it ends."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from course.learner import locking, progress
from course.learner.workspace import Workspace
from course.view.keyboard import Keyboard
from tests.terminal import DEADLINE_S, REFERENCE, TOY, command, environment, learn
from tests.test_view_emulator import Terminal
from tests.tree import ROOT

# A check that goes on until a file says that it may end.
SLOW = """
    import time
    while (project.parent.parent / "hold").exists():
        time.sleep(0.02)
"""


class Watched:
    """A `learn watch` that goes, and its screen."""

    def __init__(self, folder: Path, terminal: Terminal, process: subprocess.Popen[bytes]) -> None:
        self.folder, self.terminal, self.process = folder, terminal, process
        self.file = folder / "stage_1" / "greeting" / "greeting.txt"

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self.terminal._ours, keys.encode())

    def save(self, text: str) -> None:
        """As most editors do: a new file, renamed to its place."""
        new = self.file.with_name(".greeting.txt.new~")
        new.write_text(text, encoding="utf-8")
        new.rename(self.file)

    def sees(self, *words: str) -> list[str]:
        """The screen, once it shows all of these."""
        return self.terminal.wait(lambda lines: all(word in "\n".join(lines) for word in words))

    def ends(self) -> int:
        """Its status, once it has ended."""
        done = threading.Event()

        def drain() -> None:
            while not done.wait(0.05):
                _ = self.terminal.lines

        reader = threading.Thread(target=drain)
        reader.start()
        try:
            return self.process.wait(DEADLINE_S)
        finally:
            done.set()
            reader.join()


@contextmanager
def watching(folder: Path, rooms: Path = TOY, **variables: str) -> Iterator[Watched]:
    """`learn watch`, started; ended in the end, whatever the test came to."""
    terminal = Terminal(80, 24)
    process = subprocess.Popen(
        command("watch"),
        cwd=folder,
        env=environment(rooms, TERM="xterm", **variables),
        stdin=terminal.file,
        stdout=terminal.file,
        stderr=terminal.file,
        process_group=0,
    )
    try:
        yield Watched(folder, terminal, process)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.terminate()
            try:
                process.wait(DEADLINE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        terminal.close()


def settings(terminal: Terminal) -> list[object]:
    """How the terminal reads keys, and whether it shows them."""
    return [*termios.tcgetattr(terminal.file.fileno())[:4]]


def of(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """All that it has started and that lives."""
    return psutil.Process(process.pid).children(recursive=True)


def attempts(folder: Path) -> int:
    """How many runs of all checks were counted."""
    known = progress.load(folder / ".learn" / "progress.json").progress.exercises.get("stage_1/greeting")
    return known.attempts if known else 0


def runs(folder: Path) -> set[str]:
    """The runs that were kept."""
    return {path.name for path in (folder / ".learn" / "runs" / "stage_1" / "greeting").iterdir()}


def test_it_grades_at_once_and_at_each_save_until_it_is_left(folder: Path) -> None:
    with watching(folder) as watched:
        before = settings(watched.terminal)
        lines = watched.sees("✗ The greeting is written", "Not yet: 1 of 5", "h hint", "q quit")
        assert settings(watched.terminal) != before
        assert lines[[i for i, line in enumerate(lines) if line][-1]].startswith("  h hint  l lesson  s show")
        watched.save("hello world\n")
        watched.sees("Not yet: 4 of 5", "✗ It ends with a full stop", "q quit")
        watched.save(REFERENCE.read_text(encoding="utf-8"))
        watched.sees("Passed: 5 of 5", "- [x] A Greeting")
        started = of(watched.process)
        assert started
        watched.press("q")
        assert watched.ends() == 0
        assert settings(watched.terminal) == before
        assert not any("q quit" in line or "▸" in line for line in watched.terminal.lines)
        assert psutil.wait_procs(started, 10)[1] == []
    assert "- [x]" in (folder / "ROADMAP.md").read_text(encoding="utf-8")


def test_what_failed_last_runs_first_and_alone_until_it_passes(folder: Path) -> None:
    with watching(folder) as watched:
        watched.sees("Not yet: 1 of 5", "q quit")
        watched.save("Write it another way\n")
        watched.sees("Of some checks only", "Not yet: 1 of 2", "q quit")
        assert attempts(folder) == 1


def test_what_is_no_edit_runs_nothing(folder: Path) -> None:
    with watching(folder) as watched:
        watched.sees("Not yet: 1 of 5", "q quit")
        kept = runs(folder)
        watched.save(watched.file.read_text(encoding="utf-8"))
        for name in (".greeting.txt.swp", "greeting.txt~", "db.sqlite3", "db.sqlite3-journal", ".DS_Store"):
            watched.file.with_name(name).write_text("no work", encoding="utf-8")
        watched.save("hello world\n")  # comes after all of them
        watched.sees("It ends with a full stop", "q quit")
        assert len(runs(folder) - kept) == 2  # what had failed, and then all


@pytest.fixture
def slow_rooms(tmp_path: Path, own_places: object) -> Path:
    """The toy course, whose first check takes as long as a test wants."""
    assert own_places
    checks = tmp_path / "rooms" / "checker" / "stage_1" / "greeting" / "test_greeting.py"
    text = checks.read_text(encoding="utf-8")
    sentence = '    """The greeting is written."""\n'
    checks.write_text(text.replace(sentence, sentence + SLOW.lstrip("\n")), encoding="utf-8")
    return tmp_path / "rooms"


def test_a_save_while_a_check_runs_begins_anew_and_leaves_no_trace(folder: Path, slow_rooms: Path) -> None:
    (folder / "hold").touch()
    with watching(folder, slow_rooms) as watched:
        watched.sees("▸ The greeting is written", "q quit")
        grader = graders(watched)
        watched.save("hello world\n")
        wait_for(lambda: graders(watched) - grader)
        (folder / "hold").unlink()
        watched.sees("It ends with a full stop", "Not yet: 4 of 5")
        assert runs(folder) == {"0001"}  # the run that was ended has left none, and its number is used again
        assert attempts(folder) == 1
        watched.press("q")
        assert watched.ends() == 0


def graders(watched: Watched) -> set[str]:
    """Those that live: each leads a session, as the forge does that they are forked from."""
    return {str(process.pid) for process in of(watched.process) if os.getsid(process.pid) == process.pid}


def wait_for(found: Callable[[], set[str]]) -> set[str]:
    """What is found, once anything is."""
    for _ in range(DEADLINE_S * 20):
        if now := found():
            return now
        time.sleep(0.05)
    raise AssertionError


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 130), (signal.SIGHUP, 130)])
def test_a_signal_while_a_check_runs_ends_all_and_restores_the_terminal(
    folder: Path, slow_rooms: Path, number: signal.Signals, status: int
) -> None:
    (folder / "hold").touch()
    with watching(folder, slow_rooms) as watched:
        before = settings(watched.terminal)
        watched.sees("▸ The greeting is written", "q quit")
        started = of(watched.process)
        watched.process.send_signal(number)
        assert watched.ends() == status
        assert settings(watched.terminal) == before
        assert psutil.wait_procs(started, 10)[1] == []


def test_stopped_and_continued_it_gives_the_terminal_back_and_takes_it_again(folder: Path) -> None:
    with watching(folder) as watched:
        before = settings(watched.terminal)
        shown = watched.sees("Not yet: 1 of 5", "q quit")
        held = settings(watched.terminal)
        watched.process.send_signal(signal.SIGTSTP)
        _, status = os.waitpid(watched.process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        assert settings(watched.terminal) == before
        watched.terminal.emulated.reset()  # what a shell has written meanwhile is none of ours
        watched.process.send_signal(signal.SIGCONT)
        watched.sees("Not yet: 1 of 5", "q quit")
        assert settings(watched.terminal) == held
        assert watched.terminal.lines == shown
        watched.press("q")
        assert watched.ends() == 0


def test_what_writes_all_the_time_does_not_keep_a_run_from_its_end(folder: Path, slow_rooms: Path) -> None:
    checks = slow_rooms / "checker" / "stage_1" / "greeting" / "test_greeting.py"
    text = checks.read_text(encoding="utf-8")
    log = '(project / "app.log").open("a").write("again\\n")'
    checks.write_text(text.replace(SLOW.lstrip("\n"), f"    {log}\n"), encoding="utf-8")
    with watching(folder, slow_rooms) as watched:
        watched.sees("Not yet: ", "Files changed again while the checks ran", "q quit")
        kept = max(runs(folder))
        time.sleep(1)  # longer than an edit takes to be seen
        assert max(runs(folder)) == kept
        watched.press("r")
        wait_for(lambda: runs(folder) - {kept} if max(runs(folder)) > kept else set())


def test_a_workspace_that_is_busy_is_told_and_tried_again_on_demand(folder: Path) -> None:
    with watching(folder) as watched:
        with locking.lock(Workspace(folder)):
            watched.sees("another `learn`", "is at work", "q quit")
        watched.press("\r")
        watched.sees("Not yet: 1 of 5", "q quit")


def test_a_bug_of_ours_is_told_with_the_terminal_as_it_was(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "watchfiles.py").write_text("def watch(*_, **__): raise ZeroDivisionError('no')\n", encoding="utf-8")
    with watching(folder, PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}") as watched:
        before = settings(watched.terminal)
        assert watched.ends() == 70
        assert settings(watched.terminal) == before
        assert any("ZeroDivisionError: no" in line for line in watched.terminal.lines)


def test_an_error_leaves_the_terminal_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal(80, 24)
    monkeypatch.setattr("sys.stdin", terminal.file)
    before = settings(terminal)
    with suppress(ZeroDivisionError), Keyboard():
        assert settings(terminal) != before
        raise ZeroDivisionError
    assert settings(terminal) == before
    terminal.close()


# --- keys ---


def test_keys_show_a_hint_and_the_lesson_and_lead_back(folder: Path) -> None:
    with watching(folder, PAGER="no-such-pager") as watched:
        checks = watched.sees("Not yet: 1 of 5", "q quit")
        watched.press("h")
        watched.sees("1 of 3", "any other key")
        watched.press("h")
        watched.sees("2 of 3")
        watched.press(" ")
        watched.sees("Not yet: 1 of 5", "q quit")
        assert watched.terminal.lines == checks
        watched.press("s")
        watched.sees("run 0001", "any other key")
        watched.press("?")
        watched.sees("the exercises with their state")
        watched.press("n")
        watched.sees("The next open exercise is this one")
        watched.press("r")
        watched.sees("Of some checks only", "q quit")


def test_a_save_under_a_page_is_graded_and_seen_when_one_is_back(folder: Path) -> None:
    with watching(folder) as watched:
        watched.sees("Not yet: 1 of 5", "q quit")
        watched.press("h")
        watched.sees("1 of 3")
        watched.save("hello world\n")
        wait_for(lambda: {"whole"} if attempts(folder) == 2 else set())
        assert any("1 of 3" in line for line in watched.terminal.lines)
        watched.press(" ")
        watched.sees("Not yet: 4 of 5", "q quit")


def test_the_list_finds_an_exercise_and_watches_it(folder: Path) -> None:
    with watching(folder) as watched:
        watched.sees("Not yet: 1 of 5", "q quit")
        watched.press("e")
        watched.sees("A Greeting", "Hello over HTTP", "type part of a name")
        watched.press("zz")
        watched.sees("no exercise fits")
        watched.press("\x7f\x7fhello")
        watched.terminal.wait(lambda lines: not any("A Greeting" in line for line in lines))
        watched.press("\r")
        watched.sees("Hello over HTTP", "stage_2/hello/")
        watched.press(" ")
        watched.sees("✗ ", "Not yet: ", "q quit")
        watched.press("q")
        assert watched.ends() == 0


@pytest.mark.parametrize(("answer", "is_reset"), [("n", False), ("y", True)])
def test_a_reset_asks_first(folder: Path, answer: str, is_reset: bool) -> None:
    with watching(folder) as watched:
        watched.sees("Not yet: 1 of 5", "q quit")
        watched.save("hello world\n")
        watched.sees("Not yet: 4 of 5", "q quit")
        watched.press("t")
        watched.sees("back to the scaffold", "any other key: no")
        watched.press(answer)
        watched.sees("is as it was issued" if is_reset else "Not yet: 4 of 5")
        assert watched.file.read_text(encoding="utf-8").startswith("Write") is is_reset


def test_open_starts_the_editor_with_the_terminal_as_it_was(folder: Path, tmp_path: Path) -> None:
    editor = tmp_path / "editing"
    editor.write_text(f'#!/bin/sh\nstty -a > "{tmp_path}/stty"\necho "$@" > "{tmp_path}/opened"\n', encoding="utf-8")
    editor.chmod(0o755)
    with watching(folder, VISUAL=str(editor)) as watched:
        shown = watched.sees("Not yet: 1 of 5", "q quit")
        watched.press("o")
        wait_for(lambda: set((tmp_path / "opened").read_text().split()) if (tmp_path / "opened").exists() else set())
        assert re.search(r"(?<!-)\bicanon", (tmp_path / "stty").read_text(encoding="utf-8"))
        assert (tmp_path / "opened").read_text(encoding="utf-8").strip().endswith("greeting.txt")
        watched.sees("Not yet: 1 of 5", "q quit")
        assert watched.terminal.lines == shown


# --- the screen ---


def test_a_terminal_that_is_made_narrower_keeps_no_ghosts(folder: Path) -> None:
    with watching(folder) as watched:
        watched.sees("Not yet: 1 of 5", "q quit")
        watched.terminal.resize(40, 24)
        watched.process.send_signal(signal.SIGWINCH)  # it has no terminal of its own in this session
        text = "\n".join(watched.sees("Not yet: 1 of 5", "? keys  q quit"))
        assert [text.count(word) for word in ("A Greeting", "Not yet", "q quit", "▸")] == [1, 1, 1, 0]
        assert text.count("✗ The greeting is written") == 2  # its line, and the failure's head
        assert max(map(len, text.splitlines())) <= 40


def test_without_a_terminal_it_says_what_to_type(folder: Path) -> None:
    shown = learn(folder, "watch")
    assert (shown.status, shown.out) == (2, "")
    assert "needs a terminal" in shown.error
    assert "`learn check` grades once" in shown.error
