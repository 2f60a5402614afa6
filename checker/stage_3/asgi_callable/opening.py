"""How a board's lifespan begins: its feed is held while it opens, so that whoever speaks too early is seen."""

from __future__ import annotations

from typing import NoReturn

from checker.harness import diagnosis
from checker.harness.events import EventKind
from checker.harness.findings import fail
from checker.harness.http import Answer, Exchange
from checker.harness.picture import Picture
from checker.stage_3.asgi_callable import places
from checker.stage_3.asgi_callable.board import BOOT_S, FAILED, STARTED, Board
from checker.stage_3.asgi_callable.drawing import draw_start
from checker.stage_3.asgi_callable.kinds import Kind

UNKNOWN_TO_DJANGO = "Django can only handle ASGI/HTTP connections"


def watch_opening(board: Board) -> bool:
    """Hold its processes' opening until all of them are at it; whether one said before that it had started.

    Beside whatever else is checked: a server, or the learner's code, may limit the time of a startup.
    """

    def has_spoken() -> bool:
        return bool(board.told(Kind.SENT) or board.told(Kind.RETURNED) or board.told(Kind.RAISED))

    def is_opened_at_import() -> bool:
        return bool(board.held("open")) and not board.server.seen(EventKind.APP_LOADED)

    def is_opening() -> bool:
        return len(board.held("open")) >= board.processes

    # gunicorn's second worker may come much later than its first one.
    board.wait(lambda: has_spoken() or is_opened_at_import() or is_opening(), BOOT_S)
    is_early = bool(board.told(Kind.SENT, STARTED))
    board.feed.open()
    return is_early


def expect_start(board: Board, picture: Picture) -> None:
    """Once its processes have opened their feed, an answer through Django."""
    visitor = board.server.send("/hello/", label=f"first visitor of {board.name}", deadline_s=4 * BOOT_S)
    if board.opening:
        board.opening.result()
    # What answers in any way does so now.
    board.wait(lambda: visitor.is_done or board.lifespan_error(), BOOT_S)
    answer = visitor.wait_answer(0)
    if answer is None or board.lifespan_error():
        draw_start(board, visitor, picture)
        _fail_as_not_started(board, visitor)
    board.server.expect_answer(visitor)
    expect_text(board, answer, "/hello/", "hello\n")


def _fail_as_not_started(board: Board, visitor: Exchange) -> NoReturn:
    server = board.server
    if server.seen(EventKind.APP_IMPORT_FAILED):
        raise diagnosis.did_not_answer(server, visitor, BOOT_S)
    wanted = f"{server.name} is told `{STARTED}` when it sends `lifespan.startup`"
    if error := board.lifespan_error():
        said = f"{error['type']}: {error['message']}"
        if UNKNOWN_TO_DJANGO in said:
            where = error.where or places.application(server.run)
            fail("lifespan-unsupported", wanted=wanted, saw=f"your callable raised {said}", where=where)
        fail("not-started", wanted=wanted, saw=f"your callable raised {said}", where=error.where)
    if board.told(Kind.RECEIVED) and not board.told(Kind.SENT) and not board.told(Kind.RETURNED):
        saw = "your callable took `lifespan.startup`, and sends nothing: it waits for something else"
        fail("not-started", wanted=wanted, saw=saw, where=places.starts(server.run))
    if failed := board.told(Kind.SENT, FAILED):
        saw = f"your callable said `{FAILED}`: {failed[0]['text']!r}; the feed had agreed to be opened"
        fail("not-started", wanted=wanted, saw=saw, where=places.line(server.run, FAILED))
    raise diagnosis.did_not_answer(server, visitor, BOOT_S)


def expect_opened_once(board: Board) -> None:
    """Each of its processes has opened one feed, before it said that it had started, and none other since."""
    run = board.server.run
    processes = {e["pid"] for e in board.told(Kind.RECEIVED)}
    opened = [int(str(e["tag"]).removeprefix("open-")) for e in board.calls("open")]
    wanted = f"under {board.name} each process opens its feed, and only then says `{STARTED}`"
    where = places.line(run, STARTED)
    if not opened or (board.opening and board.opening.result()):
        saw = f"`{STARTED}` was said " + ("before the feed was open" if opened else "and nobody had opened a feed")
        fail("opened-late", wanted=wanted, saw=saw, where=where)
    loaded = [e.t for e in board.server.seen(EventKind.APP_LOADED)]
    if any(call.t < loaded[0] for call in board.calls("open")):
        saw = "a feed was opened while the module was imported"
        wanted = f"under {board.name} a feed is opened upon `lifespan.startup`"
        fail("opened-at-import", wanted=wanted, saw=saw, where=places.opens(run))
    if sorted(opened) != sorted(processes):
        saw = f"{len(processes)} process{'es' * (len(processes) > 1)} with a lifespan; feeds were opened "
        saw += f"{len(opened)} times, by " + ", ".join(f"pid {pid}" for pid in opened)
        wanted = f"under {board.name} each process opens one feed"
        fail("opened-again", wanted=wanted, saw=saw, where=places.opens(run), facts={"server": board.name})


def expect_page(board: Board, station: str) -> None:
    """A page that asks the feed, answered with what the feed told."""
    visitor = board.server.send(f"/departures/{station}/", label=f"{board.name} {station}")
    answer = board.wait_answer(visitor)
    wanted = f'under {board.name} the given view finds an open feed at scope["state"]["feed"]'
    if answer is None or answer.status >= 500:
        error = diagnosis.wait_error(board.server, visitor.id)
        if error is not None and error["type"] in ("KeyError", "AttributeError") and error.where is None:
            saw = f"the given view met {error['type']}: {error['message']}"
            fail("feed-not-lent", wanted=wanted, saw=saw, where=places.keeps(board.server.run))
    if closed := board.calls("close"):
        saw = f"feed.close() was called {len(closed)} time{'s' * (len(closed) > 1)} while the server was serving"
        wanted = f"under {board.name} the feed stays open until the server says `lifespan.shutdown`"
        fail("closed-early", wanted=wanted, saw=saw, where=places.closes(board.server.run))
    answer = board.server.expect_answer(visitor)
    expect_text(board, answer, f"/departures/{station}/", f"{station}\n")


def expect_text(board: Board, answer: Answer, path: str, text: str) -> None:
    """Django's own page at this path, as the given view makes it."""
    if answer.status == 200 and answer.text == text:
        return
    saw = f"status {answer.status}: {' '.join(answer.text.split())[:80]!r}"
    wanted = f"under {board.name} {path} is answered by Django's page, which says {text.strip()!r}"
    fail("request-changed", wanted=wanted, saw=saw, where=places.takes(board.server.run))
