"""A CheckEvent as one line of JSON, and back: what the grading child tells `learn`.

The schema (version 2) is also what `learn check --json` prints, without the nonce:

    {"v": 2, "event": "suite_started", "checks": [["test_x", "sentence"], ...]}
    {"v": 2, "event": "check_started", "id": "test_x"}
    {"v": 2, "event": "check_finished", "result": {"id", "sentence", "outcome", "seconds",
        "finding": {"code", "wanted", "saw", "where", "next", "facts"} or null, "reason", "timeline", "charts",
        "conversation", "number"}}
    {"v": 2, "event": "suite_finished", "seconds": 2.1, "trouble": ""}
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

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
from course.pictures import Bar, BarKind, Chart, Conversation, Mark, Message, MessageKind, Timeline, TimelineRow, Value

VERSION = 2

_NAMES: dict[type[CheckEvent], str] = {
    SuiteStarted: "suite_started",
    CheckStarted: "check_started",
    CheckFinished: "check_finished",
    SuiteFinished: "suite_finished",
}


def to_line(event: CheckEvent, nonce: str = "") -> str:
    """One line of JSON in ASCII, without its line end."""
    body: dict[str, Any] = {"v": VERSION, "event": _NAMES[type(event)], **asdict(event)}
    if nonce:
        body["nonce"] = nonce
    line = json.dumps(body, separators=(",", ":"))
    if "\\ud" in line:
        # Half a character (a lone surrogate) is none that a terminal or a file could take.
        whole = json.dumps(body, ensure_ascii=False).encode(errors="replace")
        line = json.dumps(json.loads(whole), separators=(",", ":"))
    return line


def from_line(line: str, nonce: str = "") -> CheckEvent:
    """The event of one line. Raises CourseBug on anything but this version with this nonce."""
    try:
        body: dict[str, Any] = json.loads(line)
        if body["v"] != VERSION or body.get("nonce", "") != nonce:
            raise ValueError("wrong version or nonce")
        return _event(body)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CourseBug(f"the grader sent a line that is no event ({error}): {line[:200]!r}") from error


def result_from(body: dict[str, Any]) -> CheckResult:
    """A CheckResult from its JSON shape, as in check_finished and verdict.json.

    Of version 1 too: without facts, a conversation and a number.
    """
    finding = body["finding"]
    timeline = body["timeline"]
    conversation = body.get("conversation")
    return CheckResult(
        id=body["id"],
        sentence=body["sentence"],
        outcome=Outcome(body["outcome"]),
        seconds=float(body["seconds"]),
        finding=None if finding is None else _finding(finding),
        reason=body["reason"],
        timeline=None if timeline is None else timeline_from(timeline),
        charts=tuple(chart_from(chart) for chart in body.get("charts", ())),
        conversation=None if conversation is None else conversation_from(conversation),
        number=int(body.get("number", 0)),
    )


def _event(body: dict[str, Any]) -> CheckEvent:
    match body["event"]:
        case "suite_started":
            checks = tuple((str(id_), str(sentence)) for id_, sentence in body["checks"])
            return SuiteStarted(checks=checks)
        case "check_started":
            return CheckStarted(id=body["id"])
        case "check_finished":
            return CheckFinished(result=result_from(body["result"]))
        case "suite_finished":
            return SuiteFinished(seconds=float(body["seconds"]), trouble=body["trouble"])
        case other:
            raise ValueError(f"unknown event {other!r}")


def _finding(body: dict[str, Any]) -> Finding:
    where = body["where"]
    return Finding(**{**body, "where": None if where is None else SourceLine(**where)})


def chart_from(body: dict[str, Any]) -> Chart:
    """A Chart from its JSON shape."""
    return Chart(**{**body, "values": tuple(Value(**value) for value in body["values"])})


def conversation_from(body: dict[str, Any]) -> Conversation:
    """A Conversation from its JSON shape."""
    messages = tuple(Message(**{**row, "kind": MessageKind(row["kind"])}) for row in body["messages"])
    return Conversation(**{**body, "parties": tuple(body["parties"]), "messages": messages})


def timeline_from(body: dict[str, Any]) -> Timeline:
    """A Timeline from its JSON shape."""
    rows = tuple(
        TimelineRow(
            name=row["name"],
            bars=tuple(Bar(**{**bar, "kind": BarKind(bar["kind"])}) for bar in row["bars"]),
            marks=tuple(Mark(**mark) for mark in row["marks"]),
            note=row["note"],
        )
        for row in body["rows"]
    )
    return Timeline(span_ms=float(body["span_ms"]), rows=rows, title=body.get("title", ""))
