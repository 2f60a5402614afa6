"""The learner's line that is likeliest at fault, by the diagnosis: found in their source by what stands in it."""

from __future__ import annotations

from pathlib import Path

from checker.harness.lines import line_matching
from checker.harness.run import Run
from course.model import SourceLine

CLIENT_FILE = "wire/client.py"
_CODE = r"\s+(?!#).*"

# What stands in the line, the likeliest first.
CLIENT_LINES = {
    "key-not-fresh": (r"\s+key\b.*=", rf"{_CODE}Sec-WebSocket-Key"),
    "accept-not-checked": (rf"{_CODE}sha1", rf"{_CODE}read_head\(", rf"{_CODE}(?i:accept)"),
    "good-answer-refused": (rf"{_CODE}hexdigest", rf"{_CODE}sha1", rf"{_CODE}(?i:accept)"),
    "unmasked-frame": (rf"{_CODE}0x80", rf"{_CODE}\.send\("),
    "wrong-frame": (rf"{_CODE}len\(", rf"{_CODE}\.send\("),
    "wrong-length": (rf"{_CODE}\b12[67]\b", rf"{_CODE}to_bytes\(", rf"{_CODE}pack\("),
    "ping-not-answered": (rf"{_CODE}\bPING\b", rf"{_CODE}\b0x9\b", rf"{_CODE}opcode"),
    "good-frame-refused": (rf"{_CODE}raise Violation", rf"{_CODE}Violation"),
    "fragment-decoded": (rf"{_CODE}\.decode\(", rf"{_CODE}text_of\("),
    "fragments-not-joined": (rf"{_CODE}\bCONTINUATION\b", rf"{_CODE}\.join\(", rf"{_CODE}yield"),
    "close-not-returned": (rf"{_CODE}\bCLOSE\b", rf"{_CODE}\b0x8\b"),
    "wrong-close-shown": (rf"{_CODE}closed=",),
    "left-without-close": (rf"{_CODE}\bcount\b",),
    "close-not-awaited": (rf"{_CODE}\bcount\b",),
    "sent-after-close": (rf"{_CODE}\bCLOSE\b", rf"{_CODE}\b0x8\b"),
    "loss-not-told": (rf"{_CODE}except\b", rf"{_CODE}return\b"),
    "violation-accepted": (rf"{_CODE}(?:0x[1-7]0\b|second & 0x80)", rf"{_CODE}Violation"),
}
SITE_LINES = {
    "bytes-or-text": (rf"{_CODE}[\"']text[\"'].*[\"']bytes[\"']", rf"{_CODE}\[[\"'](?:text|bytes)[\"']\]"),
    "other-path-accepted": (rf"{_CODE}startswith\(", rf"{_CODE}/ws/", rf"{_CODE}websocket\.accept"),
    "text-changed": (rf"{_CODE}\.(?:strip|rstrip|lstrip|split|replace|decode)\(",),
    "socket-not-ended": (rf"{_CODE}gather\(", rf"{_CODE}websocket\.disconnect", rf"{_CODE}receive\(\)"),
    "held-up": (rf"{_CODE}await .*\bsend\(",),
    "notice-dropped": (rf"{_CODE}QueueFull", rf"{_CODE}maxsize", rf"{_CODE}put_nowait\("),
    "wrong-notify-answer": (r"(?:async )?def notify\b", rf"{_CODE}/notify/"),
    "poll-not-held": (rf"{_CODE}[\"']after[\"']", rf"{_CODE}/poll/"),
    "poll-not-woken": (rf"{_CODE}notify\(\d*\)", rf"{_CODE}\.set\(\)", rf"{_CODE}set_result\("),
    "notice-lost": (rf"{_CODE}maxlen", rf"{_CODE}\[-\d", rf"{_CODE}[\"']after[\"']"),
    "notice-doubled": (rf"{_CODE}>=", rf"{_CODE}[\"']after[\"']"),
    "wrong-timeout-answer": (rf"{_CODE}except .*TimeoutError", rf"{_CODE}\b204\b"),
    "zero-wait-held": (rf"{_CODE}[\"']wait[\"']",),
    "waiter-not-freed": (rf"{_CODE}\.wait\(", rf"{_CODE}to_thread\("),
}


def client_line(project: Path, code: str) -> SourceLine | None:
    """The line of the client; None when none looks like it."""
    return line_matching(project, CLIENT_FILE, CLIENT_LINES.get(code, ()))


def site_line(run: Run, code: str) -> SourceLine | None:
    """The line of the application or a view, in whichever file that is not given; None when none looks like it."""
    files = [file.relative_to(run.project).as_posix() for file in sorted(run.project.glob("wire/*.py"))]
    theirs = [file for file in files if file not in run.given and file != CLIENT_FILE]
    found = (line_matching(run.project, file, [pattern]) for pattern in SITE_LINES.get(code, ()) for file in theirs)
    return next((line for line in found if line is not None), None)
