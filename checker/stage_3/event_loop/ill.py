"""The three ill pages in the running clinic: each holds the loop for as long as the check likes, and is to be named."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NoReturn

from checker.harness.events import EventKind
from checker.harness.findings import fail
from checker.harness.http import Exchange
from checker.harness.picture import Picture
from checker.stage_3.event_loop.clinic import Clinic
from checker.stage_3.event_loop.lab import LOOKS, Lab, Stall
from course.pictures import Value

FILE = "clinic/ill.py"
# More than twice the threshold of clinic/asgi.py, which is what has to be told, and several times as long.
HELD_S, HELD_LONGER_S = 0.25, 2.0
TITLE = "how long /pulse/ waits while one other page is under way"


@dataclass(frozen=True, slots=True)
class Illness:
    """A page under way that holds the loop: its view, what waits for it, and who asked for the pulse meanwhile."""

    view: str
    pulse: Exchange
    told: Sequence[Stall]

    @property
    def named(self) -> str:
        """`clinic/ill.py:21 xray`, as the watch has told it; nothing when it has not."""
        for stall in reversed(self.told):
            for frame in stall.stack:
                if frame.function.endswith(self.view) and frame.file.endswith(FILE):
                    return f"{FILE}:{frame.line} {self.view}()"
        return ""


def expect_named(clinic: Clinic, lab: Lab, view: str, patient: str) -> Illness:
    """The watch's report names the view."""
    illness = _suffer(clinic, lab, view, patient, HELD_S)
    if not illness.named:
        # On a busy machine the learner's thread may have come too late to look.
        illness = _suffer(clinic, lab, view, patient, HELD_LONGER_S)
    if not illness.named:
        _fail_as_unnamed(lab, illness)
    return illness


def _fail_as_unnamed(lab: Lab, illness: Illness) -> NoReturn:
    view = illness.view
    last = illness.told[-1].innermost if illness.told else ""
    saw = f"{len(illness.told)} entries, the last one ends in {last}" if last else "an empty report"
    wanted = f"after /{view}/ has held the loop, an entry of /lag/ has {view} of {FILE} in its stack"
    fail("ill-page-unnamed", wanted=wanted, saw=saw, where=lab.line(*LOOKS))


def draw_pulses(clinic: Clinic, picture: Picture, ill: Sequence[Illness], well: Sequence[tuple[str, Exchange]]) -> None:
    """Who holds up /pulse/, and for how long; the ill pages with the name that the watch gave them."""
    pulses = [*((page, pulse, "") for page, pulse in well), *((f"/{i.view}/", i.pulse, i.named) for i in ill)]
    values = [Value(page, round(_took_ms(clinic, pulse), 1), note) for page, pulse, note in pulses]
    picture.chart(TITLE, "ms", values, log=True)


def _suffer(clinic: Clinic, lab: Lab, view: str, patient: str, held_s: float) -> Illness:
    gate, server = clinic.gate, clinic.server
    gate.hold()
    tag = f"{'audit' if view == 'ledger' else view}-{patient}"
    match view:
        case "xray":
            pages = [server.send(f"/xray/{patient}/", label="xray")]
        case "census":
            pages = [server.send(f"/census/?seconds={held_s}", label="census")]
        case _:
            pages = [server.send(f"/audit/{patient}/", label="audit")]
            clinic.wait(lambda: tag in gate.held)
            pages += [server.send("/ledger/", label="ledger")]
    clinic.wait(lambda: tag in gate.held if view == "xray" else _has_entered(clinic, pages[-1]))
    pulse = server.send("/pulse/", label="pulse")
    threading.Event().wait(held_s)  # at least so long it is held
    gate.open()
    for page in [*pages, pulse]:
        server.expect_answer(page)
    report = server.expect_get("/lag/").json()
    return Illness(view, pulse, lab.expect_stalls(report.get("stalls") if isinstance(report, dict) else report))


def _has_entered(clinic: Clinic, page: Exchange) -> bool:
    return any(e["request"] == page.id for e in clinic.server.seen(EventKind.APP_ENTERED))


def _took_ms(clinic: Clinic, exchange: Exchange) -> float:
    history = clinic.server.run.history
    times: Iterator[float] = (
        e.t
        for kind in (EventKind.REQUEST_SENT, EventKind.REQUEST_ANSWERED)
        for e in history.events(kind)
        if e["request"] == exchange.id
    )
    sent_s, answered_s = times
    return 1000 * (answered_s - sent_s)
