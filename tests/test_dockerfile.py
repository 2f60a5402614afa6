"""checker/harness/containers/dockerfile.py: a Dockerfile, read as docker reads it."""

from __future__ import annotations

from pathlib import Path

import pytest

from checker.harness.containers.dockerfile import Dockerfile, read
from course.model import SourceLine

WHOLE = """\
# syntax=docker/dockerfile:1
ARG VERSION=3.13
FROM python:${VERSION}-slim AS build
ENV STAGE=build \\
    # a comment within
    NAMES="one two"
CMD ["python", "-m", "build"]

FROM node AS assets
CMD ["npm", "run", "build"]

FROM build
ARG FOLDER=/srv
WORKDIR $FOLDER
workdir app
RUN <<END
CMD ["not", "this"]
END
ENV PATH="/opt/venv/bin:$PATH" PLACE=${FOLDER}/${NOTHING:-default}
EXPOSE 8000 9000/udp
USER 10001:10001
STOPSIGNAL quit
CMD ["gunicorn", "--bind", "0.0.0.0:8000", \\

     "shop.wsgi"]
"""


def dockerfile(folder: Path, text: str) -> Dockerfile:
    (folder / "Dockerfile").write_text(text)
    return read(folder / "Dockerfile")


def test_the_last_stage_counts_with_what_it_is_built_on(tmp_path: Path) -> None:
    file = dockerfile(tmp_path, WHOLE)
    assert file.command == ("gunicorn", "--bind", "0.0.0.0:8000", "shop.wsgi")
    assert (file.entrypoint, file.is_exec_form) == ((), True)
    assert (file.workdir, file.user, file.stop_signal) == ("/srv/app", "10001:10001", "SIGQUIT")
    assert file.exposed == ("8000", "9000/udp")
    assert file.environment["NAMES"] == "one two"
    assert file.environment["PLACE"] == "/srv/default"
    assert file.environment["PATH"].startswith("/opt/venv/bin:/usr/local/bin:")
    assert file.place("cmd", tmp_path) == SourceLine("Dockerfile", 23)


@pytest.mark.parametrize(
    ("text", "arguments", "is_exec_form"),
    [
        ('CMD ["gunicorn"]', ("gunicorn",), True),
        ("CMD gunicorn  -w 2", ("/bin/sh", "-c", "gunicorn  -w 2"), False),
        ("CMD ['gunicorn']", ("/bin/sh", "-c", "['gunicorn']"), False),
        ('ENTRYPOINT ["gunicorn"]\nCMD ["-w", "2"]', ("gunicorn", "-w", "2"), True),
        ('ENTRYPOINT gunicorn\nCMD ["-w", "2"]', ("/bin/sh", "-c", "gunicorn"), False),
        ('CMD one\nCMD ["two"]', ("two",), True),
        ('SHELL ["/bin/bash", "-ec"]\nCMD one', ("/bin/bash", "-ec", "one"), False),
        ('CMD one\nFROM base\nENTRYPOINT ["two"]', ("two",), True),
        ("RUN make", (), False),
    ],
)
def test_what_the_first_process_is_started_by(
    tmp_path: Path, text: str, arguments: tuple[str, ...], is_exec_form: bool
) -> None:
    file = dockerfile(tmp_path, f"FROM python AS base\n{text}\n")
    assert (file.arguments, file.is_exec_form) == (arguments, is_exec_form)


def test_a_new_entrypoint_forgets_the_command_of_the_stage_below(tmp_path: Path) -> None:
    file = dockerfile(tmp_path, 'FROM python AS base\nCMD one\nFROM base\nENTRYPOINT ["two"]\n')
    assert (file.arguments, file.is_exec_form) == (("two",), True)


def test_a_missing_file_says_nothing(tmp_path: Path) -> None:
    assert read(tmp_path / "Dockerfile").arguments == ()


@pytest.mark.parametrize(
    ("text", "is_known"),
    [
        ("FROM python:3.13\nUSER depot", False),
        ("FROM python:3.13\nRUN useradd --system depot\nUSER depot:depot", True),
        ("FROM python:3.13\nRUN <<END\nadduser depot\nEND\nUSER depot", True),
        ("FROM python:3.13 AS made\nRUN useradd depot\nFROM made\nUSER depot", True),
        ("FROM python:3.13 AS made\nRUN useradd depot\nFROM python:3.13\nUSER depot", False),
        ("FROM python:3.13\nARG NAME=app\nRUN useradd $NAME\nUSER $NAME", True),
        ("FROM python:3.13\nCOPY --from=made /etc/passwd /etc/passwd\nUSER depot", True),
        ("FROM python:3.13\nUSER www-data", True),
        ("FROM docker.io/library/python:3.13\nUSER 10001", True),
        ("FROM our/own-image:2\nUSER depot", True),
    ],
)
def test_whom_the_image_can_know(tmp_path: Path, text: str, is_known: bool) -> None:
    file = dockerfile(tmp_path, text)
    assert file.knows_user(file.user.partition(":")[0]) is is_known


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("USER depot\nRUN useradd depot", 3),
        ("RUN useradd depot\nUSER depot:depot\nRUN make", None),
        ("USER depot\nCOPY . .\nUSER root\nRUN useradd depot\nUSER depot\nRUN make", None),
        ("RUN useradd depot\nFROM build\nUSER depot\nRUN make", None),
        ("ARG NAME=depot\nUSER $NAME\nRUN make", None),
        ('USER "depot"\nRUN make\nRUN useradd depot', 3),
        ("USER www-data\nRUN make", None),
    ],
)
def test_who_runs_a_step_of_the_build_is_there_before_it(tmp_path: Path, text: str, line: int | None) -> None:
    step = dockerfile(tmp_path, f"FROM python:3.13 AS build\n{text}\n").run_by_nobody
    assert (step.line if step else None) == line


def test_a_stage_that_the_image_is_not_made_of_has_no_lines_in_it(tmp_path: Path) -> None:
    file = dockerfile(tmp_path, 'FROM python:3.13 AS build\nUSER nobody\nFROM python:3.13-slim\nCMD ["x"]\n')
    assert (file.place("USER", tmp_path), file.place("FROM", tmp_path)) == (None, SourceLine("Dockerfile", 3))
    assert file.has_stages
