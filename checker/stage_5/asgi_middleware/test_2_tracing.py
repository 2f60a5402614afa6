"""Middleware Evolution, ASGI's middleware: it lets everything through, gives each visit an id, and notes it once."""

from __future__ import annotations

from checker.harness.events import EventKind
from checker.harness.findings import fail
from checker.harness.picture import Picture
from checker.harness.suite import needs
from checker.stage_5.asgi_middleware.market import HEADER, PATIENCE_S, TRACING, Market
from checker.stage_5.asgi_middleware.visits import (
    PAGE,
    SOCKET,
    expect_inside,
    expect_kept,
    expect_line,
    expect_new,
    expect_no_line_yet,
)

# What is no id: too long, an empty one, other characters than letters, digits and hyphens.
NO_IDS = ("x" * 65, "two words", 'a"b', "semi;colon", "under_score", "näh")
LONGEST = 64
OPENED = 101
# What becomes of a socket, where it wants to go, and the status that is noted.
SOCKETS = (
    ("closes", "/ws/", OPENED),
    ("is cut off", "/ws/", OPENED),
    ("meets a bug", "/ws/", OPENED),
    ("is sent away", "/ws/", OPENED),
    ("is refused", "/ws/?banned=1", 403),
    ("finds nothing", "/nowhere/", 500),
)


@needs("test_the_market_answers")
def test_the_lifespan_reaches_the_market(market: Market) -> None:
    """The lifespan reaches the market, which opens at the startup."""
    if not market.uvicorn.expect_get("/hello/").json()["is_open"]:
        wanted = "at the server's startup the market opens: Traced passes the lifespan on"
        where = market.line(TRACING, r"scope\[.type.\]", r"async def __call__")
        fail(
            "lifespan-lost",
            wanted=wanted,
            saw="the server started, and the market has heard nothing of it",
            where=where,
        )


@needs("test_the_market_answers")
def test_other_scopes_pass_as_they_are(market: Market) -> None:
    """A scope of a type that nobody knows yet passes as it is."""
    told = market.uvicorn.expect_get("/lab/other/").json()
    if not told["reached"]:
        wanted = "what is no page and no socket reaches the application, with the same scope, receive and send"
        saw = told["error"] or "a scope of type 'pigeon' did not reach it as it was"
        where = market.line(TRACING, r"scope\[.type.\]", r"async def __call__")
        fail("scope-lost", wanted=wanted, saw=saw, where=where)


@needs("test_the_market_answers")
def test_each_visit_has_an_id(market: Market, picture: Picture) -> None:
    """Each page and each socket has an id: its visitor's own or a new one, told to them and to the market."""
    for brought in (market.id(), market.id().ljust(LONGEST, "0")):
        told, inside = market.expect_hello(brought)
        expect_kept(market, PAGE, told, brought)
        expect_inside(market, PAGE, told, inside)
    met = set[str]()
    for given in ("", *NO_IDS):
        told, inside = market.expect_hello(given)
        expect_new(market, PAGE, told, given, met)
        expect_inside(market, PAGE, told, inside)
    for brought in (market.id(), ""):
        socket = market.connect("10.1.0.1", id=brought, label=SOCKET)
        if socket.refused is not None:
            socket = market.uvicorn.expect_websocket("/ws/", label=SOCKET)
        socket.send({"do": "who"})
        answer = socket.receive(PATIENCE_S) or {}
        told = socket.headers.get(HEADER)
        if brought:
            expect_kept(market, SOCKET, told, brought)
        else:
            expect_new(market, SOCKET, told, "", met)
        expect_inside(market, SOCKET, told, answer.get("trace_id"))
        socket.close()
    for path in ("/nowhere/", "/broken/"):
        page = market.expect(market.uvicorn, path, id=(id_ := market.id()))
        expect_kept(market, path, page.headers[HEADER], id_)
    picture.nothing()  # that all went well needs none


@needs("test_each_visit_has_an_id")
def test_visits_keep_their_ids(market: Market) -> None:
    """Visits at the same time keep their ids."""
    brought = {market.tag(): market.id() for _ in range(3)}
    visits = {}
    for tag, id_ in brought.items():
        visits[tag] = market.ask(market.uvicorn, f"/awaited/{tag}/", id=id_, label=id_)
        market.gate.wait_tag(tag)
    for tag, id_ in brought.items():
        market.gate.release(tag)
        answer = market.uvicorn.expect_answer(visits[tag], PATIENCE_S)
        expect_kept(market, "a page beside others", answer.headers[HEADER], id_, code="id-mixed-up")


@needs("test_each_visit_has_an_id")
def test_the_scope_given_stays_as_it_is(market: Market) -> None:
    """The scope that the server gives stays as it is: the id is in the market's own."""
    changed = market.uvicorn.expect_get("/lab/changed/").json()["changed"]
    if changed:
        wanted = "whoever stands around Traced finds its scope as it was"
        where = market.line(TRACING, r"scope\[[^]]+\] = |scope\.(setdefault|update)\(|headers.*\.append\(", r"trace_id")
        fail("scope-changed", wanted=wanted, saw=f"changed by a visit of {changed[0]}", where=where)


@needs("test_each_visit_has_an_id")
def test_a_row_leaves_at_once(market: Market) -> None:
    """A row of a stream leaves at once."""
    tag = market.tag()
    with market.uvicorn.stream(f"/rows/{tag}/", label="rows", headers={HEADER: (id_ := market.id())}) as stream:
        market.gate.wait_tag(tag, PATIENCE_S)
        if not stream.read_until(b"first\n", PATIENCE_S / 2):
            wanted = "the first row is at its reader's while the warehouse looks for the second"
            where = market.line(TRACING, r"more_body", r"\.append\(", r"await send\(", r"async def __call__")
            fail("held-back", wanted=wanted, saw="it was held back until the page was whole", where=where)
        expect_no_line_yet(market, id_, "a stream that has not come to its end")
        market.gate.release(tag)
        stream.read_to_end(PATIENCE_S)
    expect_line(market, id_, stream, kind="http", path=f"/rows/{tag}/", status=200)


@needs("test_a_row_leaves_at_once")
def test_each_visit_is_noted_once(market: Market, picture: Picture) -> None:
    """Each visit is noted once, when it is over, with what became of it."""
    for path, status in (("/hello/", 200), ("/nowhere/", 404), ("/broken/", 500)):
        page = market.ask(market.uvicorn, path, id=(id_ := market.id()))
        page.wait_answer(PATIENCE_S)
        expect_line(market, id_, page, kind="http", path=path, status=status)
    left = market.ask(market.uvicorn, f"/awaited/{(tag := market.tag())}/", id=(id_ := market.id()))
    market.gate.wait_tag(tag)
    left.hang_up()
    expect_line(market, id_, left, kind="http", path=f"/awaited/{tag}/")
    for what, path, status in SOCKETS:
        socket = market.connect("10.1.0.2", path, id=(id_ := market.id()), label=f"a socket that {what}")
        if status == OPENED:
            expect_no_line_yet(market, id_, "a socket that is open")
        match what:
            case "closes":
                socket.close()
            case "is cut off":
                socket.cut()
            case "meets a bug":
                socket.send({"do": "bug"})
            case "is sent away":
                socket.send({"do": "leave"})
        expect_line(market, id_, socket, kind="websocket", path=path.partition("?")[0], status=status)
    picture.nothing()


@needs("test_each_visit_has_an_id")
def test_an_error_passes(market: Market) -> None:
    """An error of the market passes on to the server."""
    socket = market.connect("10.1.0.3", label="a socket that meets a bug")
    socket.send({"do": "bug"})
    market.wait_left(socket)
    if not any(event["request"] == socket.id for event in market.uvicorn.seen(EventKind.APP_RAISED)):
        wanted = "what the market raises is raised by Traced, too, so that the server writes it to its log"
        where = market.line(TRACING, r"except", r"suppress\(", r"return_exceptions")
        fail(
            "error-swallowed", wanted=wanted, saw="a consumer has raised, and nobody will ever hear of it", where=where
        )
