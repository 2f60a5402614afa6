"""The line at fault in the learner's code, found by what stands in it. Runs nothing: reads their source."""

from __future__ import annotations

import re
from collections.abc import Sequence

from checker.harness.lines import own_code, own_line
from checker.harness.run import Run
from checker.stage_4.routing.tower import Knock
from course.model import SourceLine

ASGI_FILE = "tower/asgi.py"
_ANY = re.compile(r"\^?(?:\.[*+])?\$?|<path:\w+>")  # the patterns of a last route
_LITERAL = re.compile(r"""(["'])(.+?)\1""")


def line(run: Run, *patterns: str) -> SourceLine | None:
    """The first line of theirs that the first of these patterns is found in that is found at all."""
    return own_line(run, ASGI_FILE, *patterns)


def route(run: Run, said: str) -> SourceLine | None:
    """Where this route is written; where it is put together, its last part."""
    written: dict[int, SourceLine] = {}
    for place in own_code(run, ASGI_FILE):
        for _, literal in _LITERAL.findall(place.doing):
            if said.endswith(literal):
                written.setdefault(len(literal), place)
    return written[max(written)] if written else None


def router(run: Run, type_: str) -> SourceLine | None:
    """Where scopes of this type are given to somebody; else where types are told from each other."""
    return line(run, rf"""["']{type_}["']""", r"ProtocolTypeRouter\(", r"""scope\[["']type["']\]""", r"^application\b")


def poll(run: Run) -> SourceLine | None:
    """Where long polls are routed."""
    return line(run, r"longpoll", r"LongPoll\.as_asgi", r"""["']http["']""")


def led_astray(knock: Knock, run: Run, consumer: str) -> SourceLine | None:
    """The route that led a path to a router without one for its rest; else the one that should have taken it."""
    took = [step.route for step in knock.steps if step.route and not _ANY.fullmatch(step.route)]
    if took and (found := route(run, took[-1])):
        return found
    # No route but the last took it: the tenant is what each address begins with.
    own = line(run, rf"tenant.*\b{consumer}\b", r"<tenant>|<slug:tenant>|:tenant>")
    error_line = knock.error.where if knock.error is not None else None
    return own or error_line or router(run, "websocket")


def instance(run: Run, consumer: str) -> SourceLine | None:
    """Where it is decided who has which instance of this consumer: where it is named, and not by `as_asgi()`."""
    return line(run, rf"^(?!.*\bimport\b).*\b{consumer}\b(?!\.as_asgi)", rf"\b{consumer}\.as_asgi") or last_route(run)


def lets_in(knock: Knock, run: Run, part: str) -> SourceLine | None:
    """The route that takes what it should not, in this part of the address; else the line that matches it by hand."""
    took = [step.route for step in knock.steps if step.route]
    if took:
        holding = [said for said in took if re.search(rf"\b{part}\b", said)]
        chosen = took[0] if part == "beginning" else took[-1]
        return route(run, holding[0] if holding else chosen) or last_route(run)
    matching = [
        place for place in own_code(run, ASGI_FILE) if re.search(r"^(?!.*(?i:poll)).*\.(?:full)?match\(", place.doing)
    ]
    if part == "end" and matching:
        return matching[-1]
    return line(run, *(rf"^(?!.*(?i:poll)).*{pattern}" for pattern in _by_hand(part)))


def _by_hand(part: str) -> Sequence[str]:
    """Patterns of who takes this part of an address out of a path without a router. Long polls have an id, too."""
    named = [rf"rooms.*<{part}>", rf"<{part}>", rf"\b{part}\b.*(?:=|match)"] if part in ("tenant", "id") else []
    return [*named, r"\.(?:full)?match\(", r"re\.compile", r"\.split\(", r"""scope\[["']path["']\]"""]


def last_route(run: Run) -> SourceLine | None:
    """Who is to serve the sockets that no other route takes; else where sockets are routed."""
    sockets = r"""^(?!.*(?:["']http["']|django|get_asgi))"""
    return line(
        run,
        sockets + r""".*\bre_path\(\s*r?["'](?:\^?(?:\.[*+]\$?)?)?["']""",
        sockets + r""".*\bpath\(\s*["'](?:<path:\w+>)?["'].*(?i:refus|deny|nobody|unknown|404|catch)""",
        r"""["']websocket["']""",
        r"ProtocolTypeRouter\(",
        r"""scope\[["']type["']\]""",
        r"^application\b",
    )


def refusal(run: Run) -> SourceLine | None:
    """What a visitor is turned away by; else who is to do so."""
    words = (r"websocket\.close", r"websocket\.(?:accept|http|send)", r"DenyConnection$", r"self\.(?:close|accept)\(")
    return line(run, *words) or last_route(run)
