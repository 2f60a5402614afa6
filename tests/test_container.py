"""checker/harness/servers/container.py: the command of a Dockerfile as the first process of a container."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from checker.harness.findings import NotYet
from checker.harness.processes import orphans
from checker.harness.run import Run
from checker.harness.servers.container import container
from checker.harness.site import ReservedPort
from tests.running import adopting, is_alive, leaving_nothing, running

APP = """
import os

def wsgi(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [" ".join(os.environ.get(name, "-") for name in ("PORT", "COLOUR", "DATA", "SUPPLIER")).encode()]
"""
IMAGE = """\
FROM python:3.13-slim
WORKDIR /srv/code
ENV COLOUR=blue DATA=/srv/code/data SUPPLIER=http://elsewhere
COPY . .
USER app
{rest}
"""


@pytest.fixture(scope="module", autouse=True)
def nothing_is_left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with leaving_nothing(tmp_path_factory):
        yield


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    with adopting(), running(tmp_path, {"app.py": APP}) as run:
        yield run
        assert orphans() == []


@pytest.fixture
def run_with_blanks(tmp_path: Path) -> Iterator[Run]:
    (tmp_path / "meine Wege").mkdir()
    with adopting(), running(tmp_path / "meine Wege", {"app.py": APP}) as run:
        yield run
        assert orphans() == []


def image(run: Run, rest: str) -> None:
    (run.project / "Dockerfile").write_text(IMAGE.format(rest=rest))


def test_in_exec_form_the_server_gets_the_signal_and_ends_with_its_workers(run: Run) -> None:
    (run.project / "gunicorn.conf.py").write_text(
        "import os\nbind = f'127.0.0.1:{os.environ[\"PORT\"]}'\nworkers = 2\n"
    )
    image(run, 'CMD ["/opt/venv/bin/gunicorn", "--config=/srv/code/gunicorn.conf.py", "app:wsgi"]')
    with container(run, environment={"SUPPLIER": "http://here"}) as server:
        answer = server.expect_ready().text
        assert answer == f"{server.port} blue {run.project}/data http://here"
        family = [child.pid for child in server.process.children]
        assert server.stop_as_docker(20) == (True, ())
        assert not any(map(is_alive, family))


def test_a_shell_in_front_keeps_the_signal_and_leaves_the_server_behind(run: Run) -> None:
    image(run, "CMD .venv/bin/gunicorn --bind 127.0.0.1:$PORT app:wsgi; echo done")
    with container(run) as server:
        server.expect_ready()
        ended, left = server.stop_as_docker(1)
        assert any("gunicorn" in line for line in left)
        # Only Linux tells what a first process of the number 1 would not even get.
        assert ended is (sys.platform != "linux")


def test_a_script_of_the_project_that_execs_is_as_good(run_with_blanks: Run) -> None:
    run = run_with_blanks
    script = run.project / "start.sh"
    script.write_text('#!/bin/sh\nexec "$@"\n')
    script.chmod(0o755)
    image(
        run, 'STOPSIGNAL INT\nENTRYPOINT ["/srv/code/start.sh"]\nCMD ["sh", "-c", "exec gunicorn -b :$PORT app:wsgi"]'
    )
    with container(run) as server:
        server.expect_ready()
        assert server.stop_as_docker(20) == (True, ())


@pytest.mark.parametrize(("host", "is_open"), [("", True), ("[::]", True), ("127.0.0.1", False)])
def test_what_is_opened_to_everybody_is_told_and_opened_on_loopback_only(run: Run, host: str, is_open: bool) -> None:
    image(run, f'ENV SUPPLIER=x\nCMD ["sh", "-c", "exec gunicorn --bind {host}:$PORT app:wsgi"]')
    with container(run) as server:
        assert server.expect_ready().status == 200
        assert server.is_open is is_open
        opened = {
            c.laddr.ip for child in psutil.process_iter() if server.pid == child.pid for c in child.net_connections()
        }
        assert opened <= {"127.0.0.1", "::ffff:127.0.0.1"}


def test_a_server_that_listens_at_another_port_is_seen_at_it(run: Run) -> None:
    reserved = ReservedPort()
    image(run, f'CMD ["gunicorn", "--bind", "0.0.0.0:{reserved.port}", "app:wsgi"]')
    with container(run) as server:
        assert server.wait_elsewhere(20) == reserved.port
        assert f"learn: {'0.0.0.0'} is opened on loopback only" in server.process.log.text  # noqa: S104
    reserved.close()


def test_a_server_that_leaves_the_first_process_ends_with_it(run: Run) -> None:
    image(run, 'CMD ["sh", "-c", "gunicorn --daemon -b 127.0.0.1:$PORT app:wsgi"]')
    with container(run) as server:
        with pytest.raises(NotYet) as caught:
            server.expect_ready()
        assert (caught.value.finding.code, "exit code 0" in caught.value.finding.saw) == ("server-exited", True)


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ("RUN make", "Dockerfile has no CMD and no ENTRYPOINT"),
        ('CMD ["tini-that-is-not-here", "gunicorn"]', 'exec: "tini-that-is-not-here": executable file not found'),
        ('STOPSIGNAL SIGNOTHING\nCMD ["gunicorn"]', "invalid signal: SIGNOTHING"),
    ],
)
def test_what_docker_would_refuse_is_told_in_its_words(run: Run, rest: str, said: str) -> None:
    image(run, rest)
    with pytest.raises(NotYet) as caught:
        container(run)
    assert (caught.value.finding.code, said in caught.value.finding.saw) == ("server-exited", True)
