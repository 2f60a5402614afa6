"""Events survive the wire unchanged, and nothing else passes for one."""

from __future__ import annotations

import json

import pytest

from course.errors import CourseBug
from course.model import (
    CheckEvent,
    CheckFinished,
    CheckResult,
    CheckStarted,
    Finding,
    Outcome,
    SourceLine,
    SuiteFinished,
    SuiteStarted,
)
from course.pictures import Bar, BarKind, Conversation, Mark, Message, MessageKind, Timeline, TimelineRow
from course.shared.wire import from_line, result_from, to_line

RESULT = CheckResult(
    id="test_x",
    sentence="It answers · schön",
    outcome=Outcome.FAILED,
    seconds=0.25,
    finding=Finding("all-busy", "wanted", "saw\nmore", SourceLine("shop/views.py", 14, "report", "execute()"), "edit"),
    timeline=Timeline(
        412.0,
        (
            TimelineRow(
                "pid 71", (Bar(0, 412.0, BarKind.WORKING, "report 1"),), (Mark(3.0, "views.py:14"),), "report 1"
            ),
        ),
    ),
)
TALK = Conversation(
    ("one", "two"),
    (
        Message(0, "ada", "one", MessageKind.SAID, "say · lobby · hello 🦊"),
        Message(1004.5, "cy", "two", MessageKind.MISSING, "hello 🦊"),
    ),
    left_out=3,
)
EVENTS: list[CheckEvent] = [
    SuiteStarted(checks=(("test_x", "It answers"),)),
    CheckStarted(id="test_x"),
    CheckFinished(result=RESULT),
    CheckFinished(result=CheckResult("test_z", "They talk", Outcome.FAILED, conversation=TALK)),
    CheckFinished(result=CheckResult("test_y", "It waits", Outcome.SKIPPED, reason="needs: It answers")),
    SuiteFinished(seconds=1.5, trouble="our own"),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_comes_back_as_it_was_sent(event: CheckEvent) -> None:
    line = to_line(event, nonce="n")
    assert "\n" not in line
    assert from_line(line, nonce="n") == event


def test_half_a_character_does_not_come_through() -> None:
    finding = Finding("server-error", "an answer", "caf\ud800, \N{SNAKE}, café")
    line = to_line(CheckFinished(result=CheckResult("test_x", "It answers", Outcome.FAILED, finding=finding)))
    assert line.isascii()
    event = from_line(line)
    assert isinstance(event, CheckFinished)
    assert event.result.finding is not None
    assert event.result.finding.saw == "caf?, \N{SNAKE}, café"


@pytest.mark.parametrize(
    "line",
    [
        "",
        "no json",
        "[]",
        '"text"',
        '{"v":1}',
        '{"v":1,"event":"check_started","id":"x","nonce":"n"}',
        '{"v":2,"event":"check_started","id":"x"}',
        '{"v":2,"event":"check_started","id":"x","nonce":"other"}',
        '{"v":2,"event":"nothing","nonce":"n"}',
        '{"v":2,"event":"check_finished","result":null,"nonce":"n"}',
    ],
)
def test_a_line_that_is_no_event_of_ours_is_refused(line: str) -> None:
    with pytest.raises(CourseBug, match="no event"):
        from_line(line, nonce="n")


def test_without_a_nonce_the_line_is_what_json_output_shows() -> None:
    assert "nonce" not in json.loads(to_line(EVENTS[0]))


def test_a_result_from_before_there_were_conversations_is_still_read() -> None:
    body = json.loads(to_line(CheckFinished(result=RESULT)))["result"]
    del body["conversation"], body["finding"]["facts"]
    assert result_from(body) == RESULT
