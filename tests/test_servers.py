"""Every web server, really booted and talked to. test_ordinary_user.py runs this file once more."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from checker.harness.events import EventKind
from checker.harness.findings import NotYet
from checker.harness.run import Run
from checker.harness.server import Server, ServerPlan
from checker.harness.servers.daphne import daphne
from checker.harness.servers.gunicorn import gunicorn
from checker.harness.servers.hypercorn import hypercorn
from checker.harness.servers.nginx import nginx
from checker.harness.servers.uvicorn import uvicorn
from checker.harness.servers.valkey import valkey
from checker.harness.stack import Stack
from tests.running import is_alive, leaving_nothing, running

APP = """
import os

def wsgi(environ, start_response):
    environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"wsgi {os.getpid()} {os.environ.get('WEB_CONCURRENCY')} {os.environ.get('NOTED')}".encode()]

async def asgi(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
        await send({"type": "http.response.body", "body": b"asgi %d" % os.getpid()})
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message["text"]})
"""
# One answer: whether the connection it goes over sends each piece at once.
ONE_ANSWER = """
import socket, sys

connection, _ = socket.socket(fileno=int(sys.argv[1])).accept()
connection.recv(65536)
body = str(bool(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)))
connection.sendall(f"HTTP/1.1 200 OK\\r\\nConnection: close\\r\\n\\r\\n{body}".encode())
connection.close()
"""
CONFIG = 'workers = 2\nraw_env = ["NOTED=by the config file"]\n'
SITE = """
upstream app { server @APP@; }
server {
  listen @LISTEN@;
  location /app/ { proxy_pass http://app; }
  location / { return 200 "nginx itself\\n"; }
}
"""
PROJECT = {"app.py": APP, "gunicorn.conf.py": CONFIG, "deploy/site.conf": SITE}

Starter = Callable[[Run], Server]
WSGI: dict[str, Starter] = {"gunicorn": lambda run: gunicorn(run, "app:wsgi")}
ASGI: dict[str, Starter] = {
    "gunicorn-asgi": lambda run: gunicorn(run, "app:asgi", arguments=["--worker-class", "asgi"], asgi=True),
    "uvicorn": lambda run: uvicorn(run, "app:asgi"),
    "daphne": lambda run: daphne(run, "app:asgi"),
    "hypercorn": lambda run: hypercorn(run, "app:asgi"),
}
WEB = {**WSGI, **ASGI}


@pytest.fixture(scope="module", autouse=True)
def nothing_is_left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with leaving_nothing(tmp_path_factory):
        yield


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    with running(tmp_path, PROJECT) as run:
        yield run


@pytest.mark.parametrize("starter", WEB.values(), ids=WEB)
def test_each_web_server_answers_and_stops_with_nothing_left(run: Run, starter: Starter) -> None:
    server = starter(run)
    answer = server.expect_ready("/")
    assert (answer.status, answer.text.split()[0]) in [(200, "wsgi"), (200, "asgi")]
    family = [server.pid, *(child.pid for child in server.process.children)]
    assert server.stop() == []
    assert not any(map(is_alive, family))
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port), timeout=10)
    assert (run.folder / f"{server.name}.log").is_file()


@pytest.mark.parametrize("starter", ASGI.values(), ids=ASGI)
def test_each_asgi_server_speaks_websocket(run: Run, starter: Starter) -> None:
    with starter(run) as server:
        connection = server.expect_websocket("/socket")
        connection.send("to and fro")
        assert connection.receive() == "to and fro"
        connection.close()


def test_requests_sent_before_the_server_is_up_are_answered(run: Run) -> None:
    with uvicorn(run, "app:asgi") as server:
        early = [server.send("/") for _ in range(20)]
        assert [server.expect_answer(exchange, 20).status for exchange in early] == [200] * 20


def test_no_piece_of_an_answer_waits_for_an_acknowledgement_of_another(run: Run) -> None:
    def command(listening_fd: int) -> list[str]:
        return [sys.executable, "-c", ONE_ANSWER, str(listening_fd)]

    with Server(ServerPlan("one answer", command, run.project), run) as server:
        assert server.expect_ready("/").text == "True"


def test_servers_boot_side_by_side(run: Run) -> None:
    with uvicorn(run, "app:asgi", name="one") as one, uvicorn(run, "app:asgi", name="two") as two:
        assert {one.expect_ready("/").text, two.expect_ready("/").text} == {f"asgi {one.pid}", f"asgi {two.pid}"}


def test_gunicorn_takes_its_config_file_only_when_asked(run: Run) -> None:
    with gunicorn(run, "app:wsgi", name="plain") as plain:
        assert plain.expect_ready("/").text.endswith(" None None")
    with gunicorn(run, "app:wsgi", name="configured", config="gunicorn.conf.py") as configured:
        assert configured.expect_ready("/").text.endswith("by the config file")


def test_the_shell_of_the_learner_changes_no_server(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "WEB_CONCURRENCY": "7",
        "GUNICORN_CMD_ARGS": "--nonsense",
        "PORT": "1",
        "PYTHONPATH": ".",
    }.items():
        monkeypatch.setenv(name, value)
    with gunicorn(run, "app:wsgi") as server:
        assert server.expect_ready("/").text.endswith(" None None")


@pytest.mark.parametrize(
    "starter",
    [
        lambda run: gunicorn(run, "app:wsgi", arguments=["--nonsense"]),
        lambda run: uvicorn(run, "app:asgi", arguments=["--nonsense"]),
        lambda run: daphne(run, "app:asgi", arguments=["--nonsense"]),
        lambda run: hypercorn(run, "app:asgi", arguments=["--nonsense"]),
    ],
    ids=["gunicorn", "uvicorn", "daphne", "hypercorn"],
)
def test_a_server_that_ends_at_once_is_told_with_its_own_last_lines(run: Run, starter: Starter) -> None:
    with starter(run) as server, pytest.raises(NotYet) as caught:
        server.expect_ready("/", deadline_s=30)
    assert caught.value.finding.code == "server-exited"
    assert "--nonsense" in caught.value.finding.saw


def test_a_server_killed_between_requests_is_told_as_dead(run: Run) -> None:
    with uvicorn(run, "app:asgi") as server:
        server.expect_ready("/")
        os.kill(server.pid, signal.SIGKILL)
        server.process.wait(10)
        with pytest.raises(NotYet) as caught:
            server.expect_get("/")
    assert (caught.value.finding.code, "signal 9" in caught.value.finding.saw) == ("server-exited", True)


def test_what_was_started_stops_in_reverse_and_sites_side_by_side(run: Run) -> None:
    stack = Stack(run)
    for name in ("first", "second"):
        stack.start(uvicorn, "app:asgi", name=name).expect_ready("/")
    stack.start(valkey, name="third")
    stack.stop()
    third, *sites = [event["name"] for event in run.history.events(EventKind.PROCESS_ENDED)]
    assert (third, set(sites)) == ("third", {"first", "second"})
    assert run.history.events(EventKind.PROCESS_LEFT) == []


def test_who_is_retired_stops_while_others_go_on(run: Run) -> None:
    stack = Stack(run)
    first, second = (stack.start(uvicorn, "app:asgi", name=name) for name in ("first", "second"))
    for server in (first, second):
        server.expect_ready("/")
    stack.retire(first)
    assert first.process.wait(10) is not None
    assert stack.started == (second,)
    assert second.expect_get("/").status == 200
    stack.stop()
    assert [event["name"] for event in run.history.events(EventKind.PROCESS_ENDED)] == ["first", "second"]
    assert run.history.events(EventKind.PROCESS_LEFT) == []


# --- nginx ---


def test_nginx_serves_itself_and_passes_on(run: Run) -> None:
    with gunicorn(run, "app:wsgi") as app, nginx(run, "deploy/site.conf", values=_address("APP", app)) as server:
        assert server.expect_ready("/").text == "nginx itself\n"
        assert server.expect_get("/app/").text.startswith("wsgi ")
        big = server.expect_post(
            "/app/", b"x" * 900_000
        )  # more than its buffers hold: it goes through the temporary folder
        assert big.status == 200
        family = [server.pid, *(child.pid for child in server.process.children)]
        assert len(family) == 2
        assert server.stop() == []
        assert not any(map(is_alive, family))


def _address(name: str, server: Server) -> dict[str, str]:
    return {name: f"127.0.0.1:{server.port}"}


def test_a_fault_in_the_site_is_told_in_nginx_own_words(run: Run) -> None:
    (run.project / "deploy" / "site.conf").write_text("server {\n  listen @LISTEN@\n  return 200;\n}\n")
    with nginx(run, "deploy/site.conf") as server, pytest.raises(NotYet) as caught:
        server.expect_ready("/")
    assert caught.value.finding.code == "server-exited"
    assert "site.conf:" in caught.value.finding.saw
    assert "[emerg]" in caught.value.finding.saw


def test_a_missing_site_is_told_by_its_name_in_the_project(run: Run) -> None:
    with nginx(run, "deploy/gone.conf") as server, pytest.raises(NotYet) as caught:
        server.expect_ready("/")
    assert str(run.project / "deploy" / "gone.conf") in caught.value.finding.saw
