"""The journals of gunicorn_first's right solutions keep the lesson's promise where gunicorn hardly ever leads them."""

from __future__ import annotations

import json
import runpy
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

RIGHT = Path(__file__).parents[1] / "solutions" / "milestones" / "gunicorn_first" / "right"
STYLES = sorted(path.name for path in RIGHT.iterdir())
ENVIRON = {"PATH_INFO": "/seats/hamlet/", "HTTP_X_REQUEST_ID": "7f3a", "REQUEST_METHOD": "GET"}

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def aborted(_environ: dict[str, Any], _start_response: Callable[..., Any]) -> Iterable[bytes]:
    raise SystemExit("a sync worker is aborted in its view")


def cut_off(_environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
    start_response("200 OK", [])
    yield b"first"
    raise SystemExit("a sync worker is aborted in its body")


def bad_close(_environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("200 OK", [])
    return Unclosable([b"all"])


class Unclosable(list[bytes]):
    """A body whose close() fails."""

    def close(self) -> None:
        """Never works."""
        raise OSError("the theatre was not to be reached")


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(
    ("application", "status", "sent_bytes"), [(aborted, 500, 0), (cut_off, 200, 5), (bad_close, 200, 3)]
)
def test_each_request_has_one_line(
    style: str, application: Application, status: int, sent_bytes: int, capsys: pytest.CaptureFixture[str]
) -> None:
    journal = runpy.run_path(str(RIGHT / style / "office" / "journal.py"))["Journal"](application)
    body: Any = ()
    with suppress(SystemExit, OSError):
        body = journal(dict(ENVIRON), lambda *_: lambda _: None)
        for _ in body:
            pass
    for _ in range(2):  # a server closes once, a layer further out perhaps as well
        with suppress(OSError, AttributeError):
            body.close()
    told = capsys.readouterr()
    lines = [line.removeprefix("journal ") for line in (told.out + told.err).splitlines()]
    assert [json.loads(line) for line in lines] == [
        {"id": "7f3a", "path": "/seats/hamlet/", "status": status, "bytes": sent_bytes}
    ]
