"""What is expected of a handshake, wherever the tower is mounted; and the finding when it is not so."""

from __future__ import annotations

from checker.harness import diagnosis, tracebacks
from checker.harness.events import EventKind
from checker.harness.findings import fail
from checker.harness.history import Event
from checker.stage_4.routing import places
from checker.stage_4.routing.addresses import Address, Miss
from checker.stage_4.routing.tower import LOOK_S, Knock, Tower, queried, shown

NOT_CALLABLE_SO = "can't be used in 'await' expression"


def expect_served(tower: Tower, address: Address, query: str = "") -> Knock:
    """The address is served by its consumer."""
    knock = tower.knock(address.path, query)
    wanted = f"under {tower.name} {queried(address.path, query)} is served by {address.consumer}"
    if knock.error is not None and NOT_CALLABLE_SO in str(knock.error["message"]):
        where = places.instance(tower.run, address.consumer)
        fail("consumer-not-an-application", wanted=wanted, saw=knock.outcome, where=where)
    if knock.consumer != address.consumer:
        where = places.led_astray(knock, tower.run, address.consumer)
        fail("not-served", wanted=wanted, saw=knock.story, where=where)
    return knock


def expect_told(tower: Tower, address: Address) -> None:
    """Its consumer is told tenant and id, each of its type."""
    knock = expect_served(tower, address)
    if _typed(knock.kwargs) != _typed(address.kwargs):
        wanted = f"under {tower.name} {address.consumer} at {address.path} finds the kwargs {address.kwargs}"
        names = [name for name in address.kwargs if _typed(knock.kwargs).get(name) != _typed(address.kwargs)[name]]
        where = places.lets_in(knock, tower.run, names[0] if names else "end")
        fail("kwargs-wrong", wanted=wanted, saw=f"it finds {knock.kwargs}", where=where)
    knock.socket.close()


def expect_refused(tower: Tower, path: str, query: str = "") -> None:
    """The handshake is turned away as nobody's, and no error leaves the application."""
    knock = tower.knock(path, query)
    at = f"under {tower.name} a handshake at {shown(queried(path, query))}"
    wanted = f"{at} is refused: a status of 400 to 499, or at once a code of 4000 to 4999"
    if knock.error is not None:
        where = knock.error.where or places.last_route(tower.run)
        fail("unknown-raises", wanted=f"{wanted}; and no error is raised", saw=knock.story, where=where)
    if knock.consumer:
        where = places.lets_in(knock, tower.run, "end")
        fail("miss-served", wanted=wanted, saw=knock.story, where=where, facts={"part": "end"})
    if not knock.is_refused:
        fail("unknown-not-refused", wanted=wanted, saw=knock.story, where=places.refusal(tower.run))


def expect_missed(tower: Tower, miss: Miss) -> None:
    """What is nearly an address is nobody's."""
    knock = tower.knock(miss.path)
    if knock.is_let_in:
        where = places.lets_in(knock, tower.run, miss.part)
        wanted = f"under {tower.name} {miss.path!r} is nobody's address: {miss.why}"
        fail("miss-served", wanted=wanted, saw=knock.story, where=where, facts={"part": miss.part})
    if knock.error is not None or not knock.is_refused:
        expect_refused(tower, miss.path)


def expect_quiet(tower: Tower, since: int, what: str) -> None:
    """Nothing printed since this mark of the server's log is a traceback."""
    tower.mark_log()
    printed = tower.server.process.log.since(since)
    if told := tracebacks.last(printed, tower.run.project, tower.run.given):
        wanted = f"under {tower.name} the server's log holds no traceback after {what}"
        where = told.where or places.last_route(tower.run)
        fail("unknown-raises", wanted=wanted, saw=f"it holds one: {told.error}", where=where)


def expect_talking(tower: Tower, knock: Knock, text: str, meanwhile: str, since: float) -> None:
    """An open socket hears what it says, `meanwhile` others are met with; no line of theirs has held the loop since."""
    knock.socket.send({"text": text})
    heard = tower.wait(lambda: knock.socket.receive(LOOK_S))
    wanted = f"under {tower.name} the open socket at {knock.path} is served on while {meanwhile}"
    if stalls := _own_stalls(tower, since):
        raise diagnosis.loop_blocked(stalls[0], wanted)
    count = len([e for e in tower.run.history.events(EventKind.SOCKET_SENT) if e["socket"] == knock.socket.id])
    if heard != {"text": text, "heard": count}:
        code = knock.socket.close_code
        saw = f"it said {text!r} and heard {heard or 'nothing'}" if code is None else f"it was closed with code {code}"
        if isinstance(heard, dict) and heard.get("text") == text:
            saw = f"its frame {count} was frame {heard.get('heard')} to its consumer, which has served others"
        fail("socket-harmed", wanted=wanted, saw=saw, where=places.instance(tower.run, knock.consumer))


def _own_stalls(tower: Tower, since: float) -> list[Event]:
    """The stalls of its loop in lines of the learner's, by whose will it stood."""
    stalls = tower.server.seen(EventKind.LOOP_STALLED, since=since)
    return [e for e in stalls if e.where is not None and e.where.file not in tower.run.given]


def _typed(kwargs: object) -> dict[str, tuple[str, object]]:
    """With the types: True is 1, and 7.0 is 7."""
    return {name: (type(value).__name__, value) for name, value in kwargs.items()} if isinstance(kwargs, dict) else {}
