"""What the learner's site did wrong, in words that several checks share. Runs nothing: judges what has happened."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NoReturn

from checker.harness.events import EventKind
from checker.harness.findings import fail
from checker.harness.http import Answer
from checker.harness.server import Server
from checker.stage_2.wsgi_callable.site import LAST_WORDS_S, STREAM_FINISHED, ShopSite
from checker.stage_2.wsgi_callable.source import CLOSES, COLLECTS, HANDS_OVER
from course.model import Fact, SourceLine

CLOSED_FILE = "closed file"  # ends the ValueError of each use of one
_TAG = re.compile(r"<[^>]*>")


def expect_finished(site: ShopSite, path: str, since: float, how: str, right: int = 1) -> None:
    """Django must have told request_finished so often for this path since then."""
    finished = site.told("finished", path, since=since)
    if finished == right:
        return
    wanted = f"request_finished is sent {times(right)} for {path}, {how}"
    saw = f"it was sent {times(finished)}"
    facts: dict[str, Fact] = {"path": path, "times": times(finished)}
    if finished < right:
        fail("never-finished", wanted=wanted, saw=saw, where=site.handed_over(path, *HANDS_OVER), facts=facts)
    fail("finished-twice", wanted=wanted, saw=saw, where=site.handed_over(path, *CLOSES), facts=facts)


def judge_closed_file(site: ShopSite, server: Server) -> None:
    """A file that was closed before the server read it: the error is the server's, the mistake is not."""
    server.process.log.wait_for(CLOSED_FILE, LAST_WORDS_S)
    if CLOSED_FILE in server.process.log.text:
        wanted = "a file is closed when the server has read it, and not before"
        saw = f"{server.name} met a {CLOSED_FILE}"
        fail("closed-too-early", wanted=wanted, saw=saw, where=site.source.line(*CLOSES) or site.callable)


def judge_missing_label(site: ShopSite, number: int) -> NoReturn:
    """End the check: the stream's label `number` was not asked for, or the one before it has not arrived."""
    wanted = f"label {number} of /shop/labels/ is asked for when label {number - 1} has been sent"
    if STREAM_FINISHED in site.gate.held:
        saw = "Django finished the request before that: its response was closed before it was read to the end"
        fail("closed-too-early", wanted=wanted, saw=saw, where=site.handed_over("/shop/labels/", *CLOSES))
    saw = f"nobody asked for it, or label {number - 1} never arrived"
    fail("stream-held-back", wanted=wanted, saw=saw, where=site.handed_over("/shop/labels/", *COLLECTS, *HANDS_OVER))


def judge_missing_name(strict: Server, request: str, path: str) -> None:
    """A callable that met no SCRIPT_NAME, and wanted one: that is no error of the shop's."""
    for event in strict.seen(EventKind.APP_RAISED):
        if event["request"] == request and event["type"] == "KeyError" and "SCRIPT_NAME" in str(event["message"]):
            wanted = f"{path} is answered without SCRIPT_NAME, which a server may leave out when it is empty"
            fail("script-name-missing", wanted=wanted, saw=f"KeyError: {event['message']}", where=event.where)


def fail_as_answered(
    code: str, what: str, answer: Answer, where: SourceLine | None, facts: Mapping[str, Fact] | None = None
) -> NoReturn:
    """End the check: this answer is not the wanted one."""
    words = " ".join(_TAG.sub(" ", answer.text).split())
    fail(code, wanted=what, saw=f"status {answer.status}: {words[:80]!r}", where=where, facts=facts)


def times(count: int) -> str:
    """The count as a word."""
    return ("never", "once", "twice")[count] if count < 3 else f"{count} times"
