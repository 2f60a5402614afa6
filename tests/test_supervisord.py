"""supervisord with a real gunicorn: kept running, revived, stopped. As an ordinary user too."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from checker.harness.findings import NotYet
from checker.harness.processes import orphans
from checker.harness.run import Run
from checker.harness.servers.supervisord import Supervisor, supervisord
from course.model import SourceLine
from tests.running import adopting, is_alive, leaving_nothing, running

DEADLINE_S = 60
APP = """
import os

def wsgi(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{os.getpid()} {os.getppid()} {os.environ.get('COLOUR')}".encode()]
"""
CONFIG = """
[supervisord]
user=nobody
[unix_http_server]
file=%(ENV_SUPERVISOR_SOCKET)s
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://%(ENV_SUPERVISOR_SOCKET)s
[group:shop]
programs=web
[program:web]
user=somebody-of-another-machine
command={command}
environment=COLOUR="blue"
autorestart=true
startsecs={startsecs}
startretries=1
redirect_stderr=true
stdout_logfile=%(ENV_LOG_DIR)s/web.log
"""
GUNICORN = "gunicorn --bind 127.0.0.1:%(ENV_PORT)s --config %(here)s/../gunicorn.conf.py app:wsgi"


@pytest.fixture(scope="module", autouse=True)
def nothing_is_left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with leaving_nothing(tmp_path_factory):
        yield


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    (tmp_path / "meine Wege").mkdir()
    with adopting(), running(tmp_path / "meine Wege", {"app.py": APP, "gunicorn.conf.py": "workers = 2\n"}) as run:
        yield run
        assert orphans() == []


def supervising(run: Run, command: str, startsecs: int = 1) -> Supervisor:
    (run.project / "deploy").mkdir()
    (run.project / "deploy" / "supervisord.conf").write_text(CONFIG.format(command=command, startsecs=startsecs))
    return supervisord(run)


def answered_by_child_of(server: Supervisor, master: int | None) -> bool:
    """Whether in the end a worker of this master answers: for a moment orphans of the old one may, or nobody."""
    end = server.run.history.now() + DEADLINE_S
    while server.run.history.now() < end:
        answer = server.send("/").wait_answer(DEADLINE_S)
        if answer is not None and answer.text.split()[1] == str(master):
            return True
        server.process.wait(0.05)
    return False


def test_a_killed_gunicorn_is_started_again_and_all_end_with_supervisord(run: Run) -> None:
    with supervising(run, GUNICORN) as server:
        worker, master, colour = server.expect_ready().text.split()
        assert colour == "blue"
        assert server.wait_state("web", "RUNNING", DEADLINE_S)
        assert server.status() == {"shop:web": "RUNNING"}
        assert server.pid_of("web") == server.pid_of("shop:web") == int(master)
        assert server.pid_of("worker") is None

        os.kill(int(master), signal.SIGKILL)
        assert server.process.log.wait_for("exited: web (terminated by SIGKILL", DEADLINE_S)
        assert server.wait_state("web", "RUNNING", DEADLINE_S)
        revived = server.pid_of("web")
        assert revived not in {None, int(master)}
        assert answered_by_child_of(server, revived)

        family = [child.pid for child in server.process.children]
        assert int(worker) not in family
        assert server.stop() == []
        assert not any(map(is_alive, [*family, server.pid]))
        assert "Listening at" in (server.log_folder / "web.log").read_text()
        assert sorted(entry.name for entry in run.project.iterdir()) == ["app.py", "deploy", "gunicorn.conf.py"]


def test_supervisorctl_stops_a_program(run: Run) -> None:
    with supervising(run, f"sh -c 'exec {GUNICORN}'") as server:
        server.expect_ready()
        assert server.ctl("stop", "shop:web") == "shop:web: stopped"
        assert server.status() == {"shop:web": "STOPPED"}
        assert server.status_told() == "shop:web STOPPED"
        assert server.pid_of("web") is None
        assert not server.listens()


def test_supervisorctl_is_quoted_by_its_last_words(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with supervising(run, f"sh -c 'exec {GUNICORN}'") as server:
        for said in ("error: " + "x" * 100_000, "\n".join(f"web{n} RUNNING" for n in range(1_000))):
            monkeypatch.setattr(server, "ctl", lambda *_, said=said: said)
            assert len(server.status_told()) < 500


def test_a_gunicorn_that_left_its_supervisor_is_swept_and_told(run: Run) -> None:
    # On a slow machine even a program that goes at once lasts a second, counts as RUNNING then, and is never FATAL.
    with supervising(run, f"{GUNICORN} --daemon", startsecs=60) as server:
        server.expect_ready()
        assert server.wait_state("web", "FATAL", DEADLINE_S)
        left = server.stop()
        assert any("gunicorn" in line for line in left)
        assert not server.listens()


def test_a_gunicorn_behind_a_shell_is_swept_and_told(run: Run) -> None:
    with supervising(run, f"sh -c '{GUNICORN}; true'") as server:
        server.expect_ready()
        assert any("gunicorn" in line for line in server.stop())
        assert not server.listens()


def test_a_project_that_cannot_be_imported_is_told_by_its_own_line(run: Run) -> None:
    (run.project / "broken.py").write_text("import os\nimport gone\n")
    with supervising(run, GUNICORN.replace("app:", "broken:")) as server:
        with pytest.raises(NotYet) as caught:
            server.expect_ready(deadline_s=DEADLINE_S)
        finding = caught.value.finding
        assert (finding.code, finding.saw) == ("import-error", "ModuleNotFoundError: No module named 'gone'")
        assert finding.where == SourceLine("broken.py", 2, "<module>", "import gone")


def test_a_program_that_cannot_go_on_is_told_with_its_last_lines(run: Run) -> None:
    with supervising(run, f"{GUNICORN} --no-such-option", startsecs=60) as server:
        with pytest.raises(NotYet) as caught:
            server.expect_ready(deadline_s=DEADLINE_S)
        assert caught.value.finding.code == "server-exited"
        assert "exited: web (exit status 2; not expected)" in caught.value.finding.saw
        assert "unrecognized arguments: --no-such-option" in caught.value.finding.saw


def test_a_file_that_supervisord_refuses_is_told_in_its_words(run: Run) -> None:
    with supervising(run, "%(ENV_NOTHING)s") as server:
        with pytest.raises(NotYet) as caught:
            server.expect_ready()
        assert caught.value.finding.code == "server-exited"
        assert "ENV_NOTHING" in caught.value.finding.saw
        assert server.status() == {}
        assert server.wait_state("web", "RUNNING", DEADLINE_S) is False


def test_settings_of_an_included_file_are_told_as_supervisord_has_them(run: Run) -> None:
    main, program = CONFIG.split("[group:shop]")
    folder = run.project / "deploy"
    (folder / "conf.d").mkdir(parents=True)
    (folder / "supervisord.conf").write_text(f"{main}[include]\nfiles=conf.d/*.conf\n")
    program = program.replace("startretries=1", "stopwaitsecs=7")
    (folder / "conf.d" / "web.conf").write_text(f"[group:shop]{program.format(command='sleep 60', startsecs=0)}")
    server = supervisord(run)
    try:
        assert server.wait_state("web", "RUNNING", DEADLINE_S), server.ctl("status")
        told = server.config_of("web")
        assert (told["command"], told["startsecs"], told["stopwaitsecs"], told["startretries"]) == ("sleep 60", 0, 7, 3)
        assert server.config_of("nobody") == {}
    finally:
        server.stop()
