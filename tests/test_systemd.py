"""checker/harness/servers/systemd.py: a service unit, run as systemd would run it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from checker.harness.events import EventKind
from checker.harness.findings import NotYet
from checker.harness.processes import orphans
from checker.harness.run import Run
from checker.harness.servers.systemd import SystemdService, systemd
from checker.harness.systemd.start import activated, is_activating
from tests.running import adopting, is_alive, leaving_nothing, running

DEADLINE_S = 60
APP = """
import os

def wsgi(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    names = ("COLOUR", "SUPPLIER", "LISTEN_FDS", "SECRET")
    return [" ".join([str(os.getpid()), *(os.environ.get(name, "-") for name in names)]).encode()]
"""
SERVICE = """\
[Service]
Type=notify
User=shop
WorkingDirectory=/srv/code
Environment=COLOUR=blue SUPPLIER=http://elsewhere
EnvironmentFile=/srv/code/deploy/env
ExecStart=/srv/code/.venv/bin/gunicorn {arguments} --chdir /srv/code app:wsgi
ExecReload=/bin/kill -s HUP $MAINPID
{rest}
"""
SOCKET = "[Socket]\nListenStream=/run/shop/web.sock\nFileDescriptorName=web\n"


@pytest.fixture(scope="module", autouse=True)
def nothing_is_left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with leaving_nothing(tmp_path_factory):
        yield


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    files = {"app.py": APP, "deploy/web.socket": SOCKET, "deploy/env": "# kept out of the unit\nSECRET='hush'\n"}
    (tmp_path / "meine Wege").mkdir()
    with adopting(), running(tmp_path / "meine Wege", files) as run:
        yield run
        assert orphans() == []


def served(run: Run, arguments: str, rest: str = "", *, socket: str | None = None) -> SystemdService:
    (run.project / "deploy" / "web.service").write_text(SERVICE.format(arguments=arguments, rest=rest))
    return systemd(run, socket=socket, environment={"SUPPLIER": "http://here"})


def test_a_program_with_an_option_of_that_name_has_no_sockets_to_open() -> None:
    command = ["/srv/python", "-m", "gunicorn", "-c", "gunicorn.conf.py"]
    assert is_activating(activated(command, ["web.socket"]))
    assert not is_activating(command)


def test_a_socket_activated_service_notifies_reloads_and_ends(run: Run) -> None:
    with served(run, "--workers 1", socket="deploy/web.socket") as server:
        assert server.wait_notified(DEADLINE_S)
        assert "READY=1" in server.notified[0].split()
        worker, *variables = server.expect_ready().text.split()
        # gunicorn has taken LISTEN_FDS from the environment, so it was its own pid that LISTEN_PID named.
        assert variables == ["blue", "http://here", "-", "hush"]
        before = {child.pid for child in server.process.children}
        assert int(worker) in before

        assert server.reload() == ""
        assert server.process.log.wait_for("Handling signal: hup", DEADLINE_S)
        assert answered_by_another(server, before)

        family = [server.main_pid, *(child.pid for child in server.process.children)]
        assert server.stop() == []
        assert server.stopped_in_time
        assert not any(map(is_alive, family))


def test_what_an_exec_reload_says_is_told_by_its_last_lines(run: Run) -> None:
    endless = "print('word ' * 100_000); print('\\n'.join(map(str, range(1_000_000)))); raise SystemExit(3)"
    (run.project / "reload.py").write_text(endless)
    with served(run, "--workers 1", "ExecReload=/usr/bin/python3 reload.py", socket="deploy/web.socket") as server:
        complaint = server.reload()
    assert complaint == "status=3: 999994\n999995\n999996\n999997\n999998\n999999"


def answered_by_another(server: SystemdService, before: set[int]) -> bool:
    end = server.run.history.now() + DEADLINE_S
    while server.run.history.now() < end:
        if int(server.expect_get("/").text.split()[0]) not in before:
            return True
        server.process.wait(0.05)
    return False


def test_without_a_socket_unit_the_port_is_given_and_only_the_main_process_may_notify(run: Run) -> None:
    (run.project / "start.sh").write_text('#!/bin/sh\ngunicorn "$@"\n: no exec\n')
    (run.project / "start.sh").chmod(0o755)
    rest = "ExecStart=\nExecStart=/srv/code/start.sh --bind 127.0.0.1:${PORT} app:wsgi\nKillMode=process"
    with served(run, "", rest) as server:
        server.expect_ready()
        # READY came before the first answer, from a child of the shell.
        assert server.notified == ()
        assert run.history.wait_for(EventKind.SYSTEMD_NOTIFIED, deadline_s=DEADLINE_S) is not None
        left = server.stop()
        assert any("gunicorn" in line for line in left)
        assert not server.listens()


def test_a_service_without_a_working_directory_does_not_find_the_project(run: Run) -> None:
    rest = "WorkingDirectory=\nExecStart=\nExecStart=/srv/code/.venv/bin/gunicorn -b 127.0.0.1:${PORT} app:wsgi"
    with served(run, "", rest) as server:
        with pytest.raises(NotYet) as caught:
            server.expect_ready()
        finding = caught.value.finding
        assert (finding.code, finding.saw) == ("import-error", "ModuleNotFoundError: No module named 'app'")


def test_one_that_does_not_heed_the_signal_is_killed_at_its_timeout(run: Run) -> None:
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); signal.pause()"
    rest = f'ExecStart=\nExecStart=/usr/bin/python3 -c "{deaf}"\nTimeoutStopSec=200ms\nExecReload='
    with served(run, "", rest) as server:
        assert server.process.log.wait_for("deaf", DEADLINE_S)
        assert server.reload() == "Job type reload is not applicable for unit web.service."
        assert server.stop() == []
        assert server.stopped_in_time is False


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ("ExecStart=", "web.service: Service has no ExecStart=. Refusing."),
        ("ExecStart=\nExecStart=bin/gunicorn", "web.service:10: Neither a valid executable name nor an absolute path"),
        ("ExecStart=/bin/true", "Service has more than one ExecStart= setting"),
        ("ExecStart=\nExecStart=/opt/nothing/here", "Failed to locate executable /opt/nothing/here"),
    ],
)
def test_what_systemd_would_refuse_is_told_in_its_words(run: Run, rest: str, said: str) -> None:
    with pytest.raises(NotYet) as caught:
        served(run, "", rest)
    assert (caught.value.finding.code, said in caught.value.finding.saw) == ("server-exited", True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[Socket]\nAccept=no\n", "web.socket: Unit has no Listen setting"),
        ("[Socket]\nListenStream=8000\nService=shop.service\n", "web.socket starts shop.service"),
    ],
)
def test_a_socket_unit_that_does_not_lead_to_the_service_is_told(run: Run, text: str, said: str) -> None:
    (run.project / "deploy" / "web.socket").write_text(text)
    with pytest.raises(NotYet) as caught:
        served(run, "", socket="deploy/web.socket")
    assert (caught.value.finding.code, said in caught.value.finding.saw) == ("server-exited", True)
