"""Every backing service, really booted and talked to. test_ordinary_user.py runs this file once more."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from checker.harness.run import Run
from checker.harness.servers.postgres import postgres
from checker.harness.servers.valkey import valkey
from course.errors import CourseBug, MachineLacks
from course.shared import equipment
from tests.running import is_alive, leaving_nothing, running


@pytest.fixture(scope="module", autouse=True)
def nothing_is_left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with leaving_nothing(tmp_path_factory):
        yield


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    with running(tmp_path) as run:
        yield run


# --- Valkey ---


def test_valkey_serves_on_its_socket_and_keeps_nothing(run: Run) -> None:
    service = valkey(run)
    assert service.command("SET", "colour", "grün") is True
    assert service.command("GET", "colour") == "grün"
    assert service.environment == {"REDIS_URL": service.url}
    assert service.stop() == []
    assert service.pid is not None
    assert not is_alive(service.pid)
    assert not (run.temporary / "valkey").exists()
    with valkey(run) as again:
        assert again.command("EXISTS", "colour") == 0


def test_a_valkey_that_runs_elsewhere_is_used_and_left_alone(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with valkey(run) as elsewhere:
        elsewhere.command("SET", "theirs", "1")
        monkeypatch.setenv("LEARN_REDIS_URL", elsewhere.url)
        service = valkey(run, name="borrowed")
        assert (service.url, service.pid) == (elsewhere.url, None)
        assert service.stop() == []
        assert elsewhere.command("GET", "theirs") == "1"


def test_a_redis_url_where_nothing_answers_is_a_lack_of_the_machine(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEARN_REDIS_URL", f"unix://{run.temporary}/nobody.sock")
    with pytest.raises(MachineLacks, match="LEARN_REDIS_URL: nothing that speaks Redis answers"):
        valkey(run)


def test_a_valkey_that_ends_at_once_is_told_with_its_own_last_lines(run: Run) -> None:
    with pytest.raises(MachineLacks, match=r"(?s)valkey ended with exit code 1.*nonsense"):
        valkey(run, arguments=["--nonsense", "1"])


# --- PostgreSQL ---


def test_postgres_serves_an_empty_database_and_leaves_nothing(run: Run) -> None:
    service = postgres(run)
    service.sql("CREATE TABLE account (id int, name text)")
    service.sql("INSERT INTO account VALUES (1, 'Zoë, with a comma'), (2, NULL)")
    assert service.sql("SELECT * FROM account ORDER BY id") == [("1", "Zoë, with a comma"), ("2", "")]
    assert service.process is not None
    family = [service.process.pid, *(child.pid for child in service.process.children)]
    assert psutil.Process(service.process.pid).uids().real != 0
    assert service.stop() == []
    assert not any(map(is_alive, family))
    assert not (run.temporary / "postgres").exists()


def test_postgres_stops_though_a_client_holds_a_lock(run: Run) -> None:
    service = postgres(run, settings={"max_connections": "10"})
    assert service.sql("SHOW max_connections") == [("10",)]
    psql = [str(equipment.psql()), "-X", "-c", "BEGIN", "-c", "SELECT pg_advisory_lock(1)", "-c", "SELECT pg_sleep(60)"]
    with subprocess.Popen(psql, env={**os.environ, **service.environment}, stderr=subprocess.DEVNULL) as client:
        held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
        while service.sql(held) != [("1",)]:
            assert client.poll() is None
        assert service.stop() == []
        client.wait(10)


def test_wrong_sql_is_our_bug_in_the_servers_own_words(run: Run) -> None:
    with postgres(run) as service, pytest.raises(CourseBug, match='relation "nosuch" does not exist'):
        service.sql("SELECT * FROM nosuch")


def test_a_postgres_that_runs_elsewhere_is_used_and_left_alone(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with postgres(run) as elsewhere:
        monkeypatch.setenv("LEARN_DATABASE_URL", elsewhere.url)
        service = postgres(run, name="borrowed")
        assert service.environment == elsewhere.environment
        assert service.sql("SELECT current_database()") == [("app",)]
        assert service.stop() == []
        assert elsewhere.sql("SELECT 1") == [("1",)]


@pytest.mark.parametrize("url", ["postgresql://app@/app?host=%2Fnowhere", "postgresql://app@127.0.0.1:nonsense/app"])
def test_a_database_url_where_nothing_answers_is_a_lack_of_the_machine(
    run: Run, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("LEARN_DATABASE_URL", url)
    with pytest.raises(MachineLacks, match="LEARN_DATABASE_URL: no PostgreSQL answers"):
        postgres(run)


def test_a_postgres_that_ends_at_once_is_told_with_its_own_last_lines(run: Run) -> None:
    with pytest.raises(MachineLacks, match=r"(?s)postgres ended with exit code 1.*nonsense"):
        postgres(run, settings={"nonsense": "1"})


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to hand PostgreSQL to another user")
def test_programs_that_only_root_may_run_are_a_lack_of_the_machine(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = run.temporary / "private"
    folder.mkdir(mode=0o700)
    programs = equipment.postgres().program
    assert programs is not None
    for name in ("initdb", "postgres", "psql"):
        (folder / name).symlink_to(programs / name)
    monkeypatch.setenv("LEARN_POSTGRES_BIN", str(folder))
    with pytest.raises(MachineLacks, match="refuses to run as root, and nobody may not run"):
        postgres(run)
