"""checker/stage_3/async_views/: what is told of a stream's form, and of one that is resumed."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from checker.harness.findings import NotYet
from checker.harness.history import History
from checker.harness.http import Stream
from checker.harness.picture import drawn
from checker.harness.server import Server
from checker.stage_3.async_views.errors import line_writing
from checker.stage_3.async_views.events import HEADERS, expect_headers
from checker.stage_3.async_views.resuming import expect_rest
from course.model import Finding
from tests.running import running

VIEWS = '''\
"""It writes id: and data: fields."""
LAST = "event: done\\ndata: {}\\n\\n"


def events(request):
    told = request.META.get("HTTP_LAST_EVENT_ID", "")
    return StreamingHttpResponse(f"id: {told}\\ndata: {price}\\n\\n" for price in prices(told))
'''
GOOD = {name.lower(): value for name, value in HEADERS.items()}
PAST = "delta and acme were told, the last with `id: 4,1`"


def desk(project: Path, history: History, body: bytes = b"") -> Server:
    """What stands for a server whose stream of events has these bytes."""
    stream = SimpleNamespace(body=body, id="r1", read_to_end=lambda _: True)
    run = SimpleNamespace(project=project, history=history)
    return cast(Server, SimpleNamespace(run=run, stream=lambda *_, **__: nullcontext(stream)))


@pytest.fixture
def history(tmp_path: Path) -> History:
    with running(tmp_path) as run:
        return run.history


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "site" / "desk").mkdir(parents=True)
    (tmp_path / "site" / "desk" / "views.py").write_text(VIEWS)
    return tmp_path / "site"


def of_headers(project: Path, history: History, **changed: str) -> Finding | None:
    headers = {**GOOD, **{name.replace("_", "-"): value for name, value in changed.items()}}
    stream = SimpleNamespace(headers={name: value for name, value in headers.items() if value})
    try:
        expect_headers(desk(project, history), cast(Stream, stream))
    except NotYet as not_yet:
        return not_yet.finding
    return None


def of_resumed(project: Path, history: History, body: bytes) -> Finding:
    with pytest.raises(NotYet) as caught:
        expect_rest(desk(project, history, body), "4,1", PAST, ["borealis", "cobalt", "ember"], "")
    return caught.value.finding


def body_of(*names: str) -> bytes:
    return "".join(f'id: {name}\ndata: {{"name": "{name}"}}\n\n' for name in names).encode() + b"event: done\ndata:\n\n"


def test_headers_may_say_more_than_was_promised(project: Path, history: History) -> None:
    more = {"content_type": "text/event-stream; charset=utf-8", "cache_control": "private, No-Cache"}
    assert of_headers(project, history, **more) is None


@pytest.mark.parametrize("value", ["", "yes", "none", "not now"])
def test_a_header_is_compared_whole(project: Path, history: History, value: str) -> None:
    finding = of_headers(project, history, x_accel_buffering=value)
    assert finding is not None
    assert finding.wanted.endswith("has the header X-Accel-Buffering: no")
    assert finding.saw == (f"X-Accel-Buffering: {value}" if value else "no header X-Accel-Buffering")


def test_of_a_header_there_is_a_line_and_no_picture(project: Path, history: History) -> None:
    finding = of_headers(project, history, cache_control="max-age=60")
    assert finding is not None
    assert finding.where is not None
    assert finding.where.line == 7
    timeline, _ = drawn(history, since=0)
    assert timeline is not None
    assert not timeline.rows


def test_who_was_told_before_stands_in_what_was_wanted(project: Path, history: History) -> None:
    finding = of_resumed(project, history, body_of("cobalt", "delta", "ember"))
    assert finding.code == "resume-mixed-up"
    assert finding.wanted == (
        f"{PAST}; with `Last-Event-ID: 4,1`, only borealis, cobalt and ember are asked and told, then done"
    )
    assert finding.saw == "told: cobalt, delta, ember"


def test_of_an_id_that_is_not_heeded_the_line_that_reads_it_is_told(project: Path, history: History) -> None:
    finding = of_resumed(project, history, body_of("acme", "borealis", "cobalt", "delta", "ember"))
    assert finding.code == "resume-ignored"
    assert finding.where is not None
    assert finding.where.doing == 'told = request.META.get("HTTP_LAST_EVENT_ID", "")'


def test_a_line_that_writes_is_told_only_when_it_is_the_only_one(project: Path, history: History) -> None:
    server = desk(project, history)
    found = line_writing(server, r"^\s*id:")
    assert found is not None
    assert (found.file, found.line) == ("desk/views.py", 7)
    (project / "desk" / "more.py").write_text('FIRST = b"id: 1"\n')
    assert line_writing(server, r"^\s*id:") is None
