"""`learn run` and `learn shell`: a stack stands, starts again at a save, lends its variables, and leaves nothing."""

from __future__ import annotations

import http.client
import json
import os
import queue
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from checker.harness.waiting import wait_until as patient
from checker.stand import Ports
from course.shared.standing import FIRST_PORT
from tests.terminal import TOY, Shown, command, environment, learn, on_a_terminal
from tests.test_checking import living, wait_until
from tests.tree import ROOT

DEADLINE_S = 120.0
SAYS_HELLO = (ROOT / "tests/toy_course/solutions/stage_2/hello/right/reference/app.py").read_text()
EXERCISE = Path("stage_2", "hello")

Event = dict[str, Any]


class Run:
    """A `learn run --json` at work: what it tells, in the order in which it is asked for."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.told: list[Event] = []
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def wait(self, event: str, condition: Callable[[Event], bool] = lambda _: True) -> Event:
        """The next event of this kind, what comes before it is passed over."""
        end_s = time.monotonic() + DEADLINE_S
        while time.monotonic() < end_s:
            told: Event = json.loads(self._lines.get(timeout=DEADLINE_S))
            self.told.append(told)
            if told["event"] == event and condition(told):
                return told
        raise AssertionError(f"no {event}: {self.told}")

    def url(self) -> str:
        """Where the site stands, next time it does."""
        [[_, url]] = self.wait("up")["sites"]
        return str(url)

    def end(self) -> int:
        """Ctrl-C."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(DEADLINE_S)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)


@pytest.fixture(scope="module")
def hello_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the toy course's site, done."""
    place = tmp_path_factory.mktemp("hello")
    assert learn(place, "next", "hello").status == 0
    (place / "wsgi-asgi" / EXERCISE / "app.py").write_text(SAYS_HELLO)
    return place / "wsgi-asgi"


@pytest.fixture
def folder(tmp_path: Path, hello_once: Path) -> Iterator[Path]:
    """The exercise's folder; nothing that was started in it may live afterwards."""
    ws = Path(shutil.copytree(hello_once, tmp_path / "Übungen in Ruhe" / "wsgi-asgi"))
    yield ws / EXERCISE
    wait_until(lambda: not living(tmp_path))


@contextmanager
def running(folder: Path, rooms: Path = TOY, *options: str) -> Iterator[Run]:
    """A `learn run` in this exercise's folder, ended afterwards in whatever way is left."""
    with subprocess.Popen(
        command("run", *options, "--json"),
        cwd=folder,
        env=environment(rooms),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    ) as process:
        try:
            yield Run(process)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)


@contextmanager
def contested_port() -> Iterator[None]:
    """Keep the port that every stack would like to stand at, as soon as nobody else has it."""

    def taken() -> socket.socket | None:
        with suppress(OSError):
            return socket.create_server(("127.0.0.1", FIRST_PORT))
        return None

    # Who has it all that time is no test of ours, and keeps it.
    with patient(taken, DEADLINE_S) or nullcontext():
        yield


@pytest.fixture
def run(folder: Path) -> Iterator[Run]:
    """One in the exercise's folder."""
    with running(folder) as run:
        yield run


def get(url: str) -> str:
    """What /hello/ says."""
    with closing(http.client.HTTPConnection(url.removeprefix("http://"), timeout=DEADLINE_S)) as connection:
        connection.request("GET", "/hello/")
        return connection.getresponse().read().decode()


def run_command(folder: Path, *words: str, path: str = os.environ["PATH"]) -> Shown:
    """`learn run -- WORDS`, with this PATH."""
    return learn(folder, "run", "--", *words, PATH=path)


def save(folder: Path, text: str) -> None:
    """As an editor saves."""
    (folder / "app.py").write_text(text)


def stand_of(folder: Path) -> Path:
    """Where its stack keeps its ledger and its logs."""
    return folder.parents[1] / ".learn" / "stands" / EXERCISE


# --- the stack ---


def test_it_stands_and_tells_what_its_programs_say(run: Run) -> None:
    assert get(run.url()) == "hello"
    assert run.wait("said", lambda told: "Listening at" in told["line"])["name"] == "gunicorn"


def test_on_a_terminal_it_tells_where_it_stands_and_each_line_with_its_name(folder: Path) -> None:
    with subprocess.Popen(
        command("run"), cwd=folder, env=environment(), stdout=subprocess.PIPE, encoding="utf-8", start_new_session=True
    ) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if "Booting worker" in line:
                process.send_signal(signal.SIGINT)
    shown = "".join(lines)
    assert process.returncode == 0
    assert "Ctrl-C ends it" in lines[0]
    assert "gunicorn     http://127.0.0.1:" in shown
    assert "gate         http://127.0.0.1:" in shown
    assert "gunicorn     [" in shown


def test_a_save_starts_it_anew_on_the_same_ports(folder: Path) -> None:
    # Other tests' stacks stand at 8000 too, and might take it while ours is between two: ours stands where nobody goes.
    with contested_port(), running(folder) as run:
        before = run.wait("up")
        save(folder, SAYS_HELLO.replace('b"hello"', 'b"good evening"'))
        after = run.wait("up")
        assert after == before
        assert get(after["sites"][0][1]) == "good evening"


def test_a_crash_at_import_is_told_and_mended_by_a_save(folder: Path) -> None:
    save(folder, "import nothing_like_that\n")
    with running(folder) as run:
        run.wait("up")
        run.wait("said", lambda told: "nothing_like_that" in told["line"])
        assert run.wait("ended")["returncode"] == 3
        save(folder, SAYS_HELLO)
        assert get(run.url()) == "hello"


def test_what_keeps_it_from_standing_is_told_and_mended_by_a_save(tmp_path: Path) -> None:
    assert learn(tmp_path, "next", "blocking_problem", rooms=ROOT).status == 0
    folder = tmp_path / "wsgi-asgi" / "stage_2" / "blocking_problem"
    configuration = folder / "gunicorn.conf.py"
    text = configuration.read_text()
    configuration.unlink()
    with running(folder, ROOT) as run:
        trouble = run.wait("trouble")
        assert (trouble["status"], "gunicorn.conf.py" in trouble["wrong"]) == (1, True)
        configuration.write_text(text)
        assert run.wait("up")["sites"][0][0] == "gunicorn"
        assert run.end() == 0


def test_sites_stand_at_8000_and_the_next_ones_or_where_they_stood() -> None:
    port = Ports({})
    assert [port(name) for name in ("gate", "uvicorn", "gunicorn", "gate page", "uvicorn")] == [0, 8000, 8001, 0, 8000]
    again = Ports({"gate": 4000, "gate page": 4001, "uvicorn": 31_000})
    assert [again(name) for name in ("gate", "uvicorn", "gunicorn", "gate page")] == [4000, 31_000, 8001, 4001]


def test_ctrl_c_ends_all_and_leaves_nothing(run: Run, folder: Path) -> None:
    url = run.url()
    assert get(url) == "hello"
    assert run.end() == 0
    assert not living(folder.parents[1])
    assert not (stand_of(folder) / "ledger.jsonl").exists()
    assert (stand_of(folder) / "stand.json").read_text() == ""


def test_a_second_one_is_refused_with_the_first_ones_address(run: Run, folder: Path) -> None:
    url = run.url()
    second = learn(folder, "run")
    assert second.status == 2
    assert f"stands already at {url}." in second.error
    assert get(url) == "hello"


def test_another_one_may_stand_after_it(folder: Path) -> None:
    for _ in range(2):
        with running(folder) as run:
            run.wait("up")
            assert run.end() == 0


def test_of_a_killed_one_nothing_is_left(run: Run, folder: Path) -> None:
    run.wait("up")
    run.process.kill()
    wait_until(lambda: not living(folder.parents[1]))
    assert not (stand_of(folder) / "ledger.jsonl").exists()


def test_what_it_and_its_child_have_left_when_both_are_killed_goes_with_the_next_command(
    run: Run, folder: Path
) -> None:
    run.wait("up")
    temporary = [Path(line["folder"]) for line in ledger(folder) if "folder" in line]
    family = psutil.Process(run.process.pid).children()
    for process in (psutil.Process(run.process.pid), *family):
        process.kill()
    run.process.wait(DEADLINE_S)
    assert living(folder.parents[1])
    assert learn(folder, "progress").status == 0
    wait_until(lambda: not living(folder.parents[1]))
    assert temporary
    assert not any(path.exists() for path in temporary)


def test_other_commands_sweep_no_stack_that_stands(run: Run, folder: Path) -> None:
    url = run.url()
    assert learn(folder, "progress").status == 0
    assert get(url) == "hello"


def test_a_child_that_dies_is_our_fault_and_told(run: Run) -> None:
    run.wait("up")
    [child] = psutil.Process(run.process.pid).children()
    child.kill()
    assert run.process.wait(DEADLINE_S) == 70


def test_an_exercise_without_a_stack_says_so(tmp_path: Path) -> None:
    assert learn(tmp_path, "next", "greeting").status == 0
    shown = learn(tmp_path / "wsgi-asgi", "run", "greeting")
    assert shown.status == 2
    assert "greeting has nothing that could stand." in shown.error


@pytest.mark.parametrize("option", ["--profile", "--manager"])
def test_what_an_exercise_does_not_offer_is_refused(folder: Path, option: str) -> None:
    shown = learn(folder, "run", option, "pages")
    assert shown.status == 2
    assert f"hello has no {option}." in shown.error


def test_what_the_stack_is_to_be_is_no_choice_of_a_command_beside_it(folder: Path) -> None:
    shown = learn(folder, "run", "--profile", "pages", "--", "true")
    assert shown.status == 2
    assert "--profile is of the stack" in shown.error


def test_an_exercise_that_is_not_begun_says_so(folder: Path) -> None:
    assert learn(folder, "run", "greeting").status == 2


def test_what_the_machine_lacks_is_told_with_its_remedy(tmp_path: Path) -> None:
    assert learn(tmp_path, "next", "groups", rooms=ROOT).status == 0
    ws = tmp_path / "wsgi-asgi"
    for words in (["run", "groups"], ["run", "groups", "--", "true"]):
        shown = learn(ws, *words, rooms=ROOT, LEARN_REDIS_URL="redis://127.0.0.1:1")
        assert shown.status == 3
        assert "LEARN_REDIS_URL: nothing that speaks Redis answers" in shown.error


# --- a command beside it ---


def test_a_command_beside_it_has_its_variables(run: Run, folder: Path) -> None:
    up = run.wait("up")
    assert run_command(folder, "printenv", "UPSTREAM_URL").out == f"{up['gate']}\n"


def test_a_command_alone_has_no_gate_that_would_hold_it(folder: Path) -> None:
    assert run_command(folder, "printenv", "UPSTREAM_URL").status == 1


def test_a_command_alone_has_services_started_for_it(tmp_path: Path) -> None:
    assert learn(tmp_path, "next", "groups", rooms=ROOT).status == 0
    code = "import os, redis; print(redis.Redis.from_url(os.environ['REDIS_URL']).ping())"
    shown = learn(tmp_path / "wsgi-asgi", "run", "groups", "--", "python", "-c", code, rooms=ROOT)
    assert (shown.status, shown.out) == (0, "True\n")
    wait_until(lambda: not living(tmp_path))


def test_python_is_the_courses_though_the_path_has_another_first(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "bin" / "python"
    other.parent.mkdir()
    other.write_text("#!/bin/sh\nexit 9\n")
    other.chmod(0o755)
    path = f"{other.parent}{os.pathsep}{os.environ['PATH']}"
    assert run_command(folder, "python", "-c", "import gunicorn, django", path=path).status == 0


@pytest.mark.parametrize("status", [0, 1, 7])
def test_its_exit_status_is_the_commands(folder: Path, status: int) -> None:
    assert run_command(folder, "sh", "-c", f"exit {status}").status == status


def test_a_command_that_a_signal_ends_has_the_shells_exit_status(folder: Path) -> None:
    assert run_command(folder, "sh", "-c", "kill -9 $$").status == 137


def test_a_kill_is_handed_on_to_the_command(folder: Path) -> None:
    trap = "trap 'echo told; exit 4' TERM; echo ready; while :; do sleep 0.1; done"
    with subprocess.Popen(
        command("run", "--", "sh", "-c", trap), cwd=folder, env=environment(), stdout=subprocess.PIPE, encoding="utf-8"
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.terminate()
        assert process.stdout.read() == "told\n"
    assert process.returncode == 4


def test_a_command_that_does_not_exist_is_named(folder: Path) -> None:
    shown = run_command(folder, "nothing-like-that")
    assert shown.status == 2
    assert "nothing-like-that: No such file or directory." in shown.error


def test_a_command_runs_where_one_stands_or_in_the_exercises_folder(folder: Path) -> None:
    (folder / "deeper").mkdir()
    assert run_command(folder / "deeper", "pwd").out.rstrip().endswith("hello/deeper")
    assert learn(folder.parents[1], "run", "hello", "--", "pwd").out.rstrip().endswith("stage_2/hello")


def test_a_shell_has_them_too(run: Run, folder: Path) -> None:
    up = run.wait("up")
    shown = on_a_terminal(folder, "shell", typed="echo =$UPSTREAM_URL=\nexit 5\n", SHELL="/bin/sh")
    assert f"={up['gate']}=" in shown.out
    assert shown.status == 5


def ledger(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (stand_of(folder) / "ledger.jsonl").read_text().splitlines()]
