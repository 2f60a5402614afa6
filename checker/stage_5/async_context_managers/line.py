"""The process's one line to the hub: when it was opened, and what the page that asks by it answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from checker.harness import diagnosis
from checker.harness.events import EventKind
from checker.harness.findings import fail
from checker.harness.history import Event
from checker.harness.http import Exchange
from checker.stage_5.async_context_managers import places
from checker.stage_5.async_context_managers.judging import expect_status
from checker.stage_5.async_context_managers.plant import REFUSED, Plant

BOOT_S = 40.0  # all of Django, on a machine that may have better things to do


def watch_boot(plant: Plant) -> None:
    """Hold the line's opening until it is under way; note whether somebody was answered before it was open."""
    visitor = plant.server.send("/hello/", label="first visitor", deadline_s=4 * BOOT_S)
    plant.wait(lambda: visitor.is_done or bool(plant.held_for_process("open")), BOOT_S)
    plant.settle()
    plant.served_early = visitor.is_done
    plant.hub.open()
    plant.wait(lambda: visitor.is_done, BOOT_S)
    if visitor.wait_answer(0) is None:
        raise diagnosis.did_not_answer(plant.server, visitor, BOOT_S)
    plant.server.expect_answer(visitor)


def calls_of_process(plant: Plant, word: str, kind: EventKind = EventKind.GATE_ARRIVED) -> list[Event]:
    """The process's calls of "open", "status" or "close" so far."""
    tags = {f"{word}-{pid}" for pid in plant.pids}
    return [event for event in plant.history.events(kind) if event["tag"] in tags]


def expect_open_before_visitors(plant: Plant) -> None:
    """It was opened once, not while the project was imported, and before anybody was served."""
    run, opened = plant.server.run, calls_of_process(plant, "open")
    wanted = f"under {plant.name} `running()` opens the process's line, before the first visitor is served"
    loaded = plant.server.seen(EventKind.APP_LOADED)
    if opened and loaded and opened[0].t < loaded[0].t:
        fail("opened-at-import", wanted=wanted, saw="it was opened by an import", where=places.opens(run))
    if not opened or plant.served_early:
        saw = "a visitor was answered while it was still being opened" if opened else "nobody opened it at the startup"
        fail("line-late", wanted=wanted, saw=saw, where=places.line(run, r"def running\b", r"\brunning\b"))
    expect_opened_once(plant, 1, "while it starts")


def expect_opened_once(plant: Plant, times: int, situation: str) -> None:
    """It was opened so often in all, of which one succeeded."""
    opened = calls_of_process(plant, "open")
    if len(opened) != times:
        wanted = f"under {plant.name} a process opens one line, {situation}"
        saw = f"Line.open() was called {len(opened)} times" + (f"; {times - 1} had failed" if times > 1 else "")
        fail("opened-again", wanted=wanted, saw=saw, where=places.opens_for_visitors(plant.server.run))


def expect_told(plant: Plant, visitor: Exchange, text: str) -> None:
    """The page that asks for the hub's status is answered with this text of the hub's."""
    tag = _asked(plant, visitor, "status")
    plant.hub.release(tag, body=text)
    plant.wait(lambda: visitor.is_done)
    answer = plant.server.expect_answer(visitor)
    if answer.text.strip() != text:
        wanted = f"under {plant.name} /status/ answers what line.status() returns, {text!r}"
        saw = f"status {answer.status}: {answer.text[:120]!r}"
        fail("page-differs", wanted=wanted, saw=saw, where=places.line(plant.server.run, r"\.status\("))


def expect_served(plant: Plant, others: Sequence[Exchange]) -> None:
    """Those who waited with one who left while the line was being opened are answered."""
    unanswered = [visitor for visitor in others if visitor.wait_answer(0) is None]
    if unanswered:
        wanted = f"under {plant.name} the line is opened for those who wait, though the first visitor has left"
        saw = f"{len(unanswered)} of {len(others)} got no answer"
        fail("line-not-opened", wanted=wanted, saw=saw, where=places.opens_for_visitors(plant.server.run))
    for visitor in others:
        plant.server.expect_answer(visitor)


def expect_failure_told(plant: Plant, word: str, *, is_reset: bool) -> None:
    """The page for which the hub fails this is answered with 502."""
    visitor = plant.server.send("/status/", label="status")
    tag = _asked(plant, visitor, word)
    if is_reset:
        plant.hub.break_off(tag)
    else:
        plant.hub.release(tag, status=REFUSED, body="the hub is tired")
    plant.wait(lambda: visitor.is_done or bool(plant.held_for_process("open")))
    after = f"the hub {'cuts off' if is_reset else 'refuses'} line.{word}()"
    expect_status(plant, visitor.wait_answer(0), 502, after, code="failure-untold")


def _asked(plant: Plant, visitor: Exchange, word: str) -> str:
    """The tag of the call that the page makes."""
    plant.wait(lambda: visitor.is_done or bool(plant.held_for_process(word) or plant.held_for_process("open")))
    tags = plant.held_for_process(word)
    if not tags:
        _fail_as_unasked(plant, visitor, word)
    return tags[0]


def _fail_as_unasked(plant: Plant, visitor: Exchange, word: str) -> NoReturn:
    opens = places.opens_for_visitors(plant.server.run)
    if plant.held_for_process("open"):
        wanted = f"under {plant.name} a visitor of /status/ is served by the line that was opened at the startup"
        fail("opened-again", wanted=wanted, saw="Line.open() was called for this visitor", where=opens)
    wanted = f"under {plant.name} `Line.open()` is called for the first visitor of /status/, or for the next"
    code = "line-not-opened"
    if word != "open":
        plant.server.expect_answer(visitor)
        wanted, code = f"under {plant.name} a visitor of /status/ has `line.status()` called", "page-differs"
    saw = "nobody called it"
    if answer := visitor.wait_answer(0):
        error = plant.error_of(visitor.id)
        said = f"{error['type']}: {error['message']}" if error else repr(answer.text[:120])
        saw += f", and the page answered {answer.status}: {said}"
    fail(code, wanted=wanted, saw=saw, where=opens)
