"""One process's whole life on one clock: its lifespan around its feed, and its feed around its visitors."""

from __future__ import annotations

from checker.harness.events import EventKind
from checker.harness.http import Exchange
from checker.harness.picture import Lane, Picture, Stretch
from checker.stage_3.asgi_callable.board import Board
from checker.stage_3.asgi_callable.kinds import Kind
from course.pictures import BarKind

TITLE = "one process under uvicorn, from its startup to its shutdown"
SHOWN = {"first visitor": "", "leaver": "leaves: view cancelled", "last visitor": "TERM came meanwhile"}


def draw_start(board: Board, visitor: Exchange, picture: Picture) -> None:
    """A start that came to nothing: the import, the lifespan's first part, and the visitor whom nobody serves."""
    history = board.server.run.history
    begun = next(e for e in history.events(EventKind.PROCESS_STARTED) if e["name"] == board.name)
    sent = [e for e in history.events(EventKind.REQUEST_SENT) if e["request"] == visitor.id]
    lanes = [Lane(f"{board.name} boots", [Stretch(begun.t, None)])]
    if loaded := board.server.seen(EventKind.APP_LOADED):
        error, answers = board.lifespan_error(), board.told(Kind.SENT)
        ends = [error] if error else answers
        note = str(error["type"] if error else answers[0]["type"] if answers else "no answer")
        lanes = [
            Lane("import", [Stretch(begun.t, loaded[0].t)]),
            Lane("lifespan", [Stretch(loaded[0].t, ends[0].t if ends else None, BarKind.WAITING)], note=note),
        ]
    if sent:  # a process may end before the visitor is on the way
        waits = Stretch(sent[0].t, None, BarKind.WAITING)
        lanes.append(Lane("first visitor", [waits], note="served by nobody"))
    picture.lanes(f"{board.name}'s start, and who waits for it", lanes)


def draw_life(board: Board, picture: Picture) -> None:
    """The lifespan's two waits, the feed from open to closed, and who came first, left, and came last."""
    opened, closing = board.calls("open", EventKind.GATE_RELEASED), board.calls("close")
    feed = [Stretch(opened[0].t, closing[0].t if closing else None)] if opened else []
    lanes = [_phase(board, "startup"), Lane("feed is open", feed), *_visitors(board), _phase(board, "shutdown")]
    picture.lanes(TITLE, lanes)


def _phase(board: Board, name: str) -> Lane:
    asked = board.told(Kind.RECEIVED, f"lifespan.{name}")
    answered = [e for e in board.told(Kind.SENT) if str(e["type"]).startswith(f"lifespan.{name}.")]
    answer = str(answered[0]["type"]).rpartition(".")[2] if answered else "no answer"
    waits = [Stretch(asked[0].t, answered[0].t if answered else None, BarKind.WAITING)] if asked else []
    return Lane(name, waits, note=answer if asked else "never asked")


def _visitors(board: Board) -> list[Lane]:
    history = board.server.run.history
    ends = history.events(EventKind.REQUEST_ANSWERED, EventKind.REQUEST_LEFT, EventKind.REQUEST_BROKEN)
    lanes = []
    for sent in history.events(EventKind.REQUEST_SENT):
        name = next((name for name in SHOWN if name in str(sent["label"])), "")
        if name and sent["port"] == board.server.port:
            end = next((e for e in ends if e["request"] == sent["request"]), None)
            lanes.append(Lane(name, [Stretch(sent.t, end.t if end else None)], note=SHOWN[name]))
    return lanes
