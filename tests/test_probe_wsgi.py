"""The probe's WSGI wrapper, driven by hand: server and app see of each other what they saw without it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from checker.harness.server import PROBE_FOLDER
from tests.grading import lay

# The app serves what the driver asks for by its path, and writes down what is done to it.
APP = """
import io

log = []


class Body:
    def __init__(self, chunks):
        self.chunks = iter(chunks)

    def __iter__(self):
        return self

    def __next__(self):
        log.append("asked")
        return next(self.chunks)

    def close(self):
        log.append("closed")


def application(environ, start_response):
    path = environ["PATH_INFO"]
    write = start_response("200 OK", [("Content-Type", "text/plain")])
    if path == "/write":
        write(b"written")
        return []
    if path == "/body":
        return Body([b"1", b"2"])
    if path == "/generator":
        return (chunk for chunk in [b"1", b"2"])
    if path == "/file":
        file = io.BytesIO(b"file")
        file.close = lambda: log.append("closed")
        return environ["wsgi.file_wrapper"](file)
    if path == "/late":
        try:
            raise ValueError("late")
        except ValueError:
            import sys
            start_response("500 Oops", [("Content-Type", "text/plain")], sys.exc_info())
        return [b"oops"]
    return [b"hello"]
"""

DRIVER = """
import json, sys
from wsgiref.util import FileWrapper, setup_testing_defaults
from wsgiref.validate import validator

import app
from learn_probe.wsgi import application

written = []


def get(path, application=application):
    app.log.clear()
    written.clear()
    environ = {"PATH_INFO": path, "wsgi.file_wrapper": FileWrapper, "QUERY_STRING": "", "SCRIPT_NAME": ""}
    setup_testing_defaults(environ)
    started = []

    def start_response(*arguments):
        started.append([arguments[0], len(arguments)])
        return written.append

    return application(environ, start_response), started


seen = {}
body, started = get("/")
seen["list"] = {"length": len(body), "chunks": [c.decode() for c in body], "started": started}
body.close()

body, started = get("/body")
before = list(app.log)
first = next(iter(body)).decode()
seen["body"] = {"before": before, "first": first, "after": list(app.log), "has_length": hasattr(body, "__len__")}
body.close()
seen["body"]["end"] = list(app.log)

body, _ = get("/file")
seen["file"] = {"type": type(body).__name__, "body": b"".join(body).decode()}
body.close()
seen["file"]["log"] = list(app.log)

body, _ = get("/write")
seen["write"] = {"written": [w.decode() for w in written], "length": len(body)}

_, started = get("/late")
seen["late"] = {"started": started}

for path in ("/", "/body", "/generator"):
    body, _ = get(path, validator(application))
    seen["validated " + path] = b"".join(body).decode()
    body.close()
print(json.dumps(seen))
"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the driver saw."""
    folder = lay(tmp_path_factory.mktemp("wsgi"), {"app.py": APP, "drive.py": DRIVER})
    environment = {"PYTHONPATH": str(PROBE_FOLDER), "LEARN_APP": "app:application", "LEARN_PROJECT": str(folder)}
    done = subprocess.run(
        [sys.executable, "-W", "error", "drive.py"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_list_keeps_its_length(seen: dict[str, Any]) -> None:
    assert seen["list"] == {"length": 1, "chunks": ["hello"], "started": [["200 OK", 2]]}


def test_a_body_is_asked_for_no_chunk_before_the_server_asks(seen: dict[str, Any]) -> None:
    assert seen["body"] == {
        "before": [],
        "first": "1",
        "after": ["asked"],
        "has_length": False,
        "end": ["asked", "closed"],
    }


def test_the_servers_file_wrapper_comes_back_as_itself_and_is_closed(seen: dict[str, Any]) -> None:
    assert seen["file"] == {"type": "FileWrapper", "body": "file", "log": ["closed"]}


def test_the_write_callable_is_the_servers(seen: dict[str, Any]) -> None:
    assert seen["write"] == {"written": ["written"], "length": 0}


def test_a_second_start_response_brings_its_exc_info(seen: dict[str, Any]) -> None:
    assert seen["late"]["started"] == [["200 OK", 2], ["500 Oops", 3]]


@pytest.mark.parametrize(("path", "body"), [("/", "hello"), ("/body", "12"), ("/generator", "12")])
def test_the_wrapped_app_is_still_valid_wsgi(seen: dict[str, Any], path: str, body: str) -> None:
    assert seen[f"validated {path}"] == body


def test_the_probe_lies_alone_in_the_folder_that_servers_get() -> None:
    names = [path.name for path in Path(PROBE_FOLDER).iterdir() if path.name != "__pycache__"]
    assert sorted(names) == ["learn_probe", "sitecustomize.py"]
