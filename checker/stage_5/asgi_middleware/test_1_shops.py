"""Middleware Evolution, Django's middleware: each answer names its shop, under WSGI and under ASGI, at no detour."""

from __future__ import annotations

from typing import Any

from checker.harness.diagnosis import wait_error
from checker.harness.findings import fail
from checker.harness.given import expect_given
from checker.harness.http import Answer, Exchange
from checker.harness.picture import Picture
from checker.harness.server import Server
from checker.harness.suite import needs
from checker.stage_5.asgi_middleware.market import GIVEN, MIDDLEWARE, PATIENCE_S, TITLES, Market
from course.model import SourceLine

PARKED = 8
BRIDGE = "asgiref.sync"


def test_the_market_answers(market: Market) -> None:
    """The market answers under gunicorn and under uvicorn."""
    expect_given(market.uvicorn.run, *(f"market/{name}.py" for name in GIVEN))
    for server in market.both:
        expect_response(market, server, server.expect_ready("/hello/"))
        expect_title(market, server, "/hello/", server.expect_get("/hello/"), "The Market")


@needs("test_the_market_answers")
def test_every_answer_names_its_shop(market: Market, picture: Picture) -> None:
    """Every answer names its shop: of pages that block, wait or stream, of a missing page and of a broken one."""
    for server in market.both:
        for name, status in (("blocking", 200), ("awaited", 200), ("rows", 200), ("nowhere", 404), ("broken", 500)):
            if name == "rows" and server is market.gunicorn:
                continue  # an async stream is ASGI's
            shop, tag = market.random.choice(list(TITLES)), market.tag()
            path = f"/{name}/{tag}/" if status == 200 else f"/{name}/"
            exchange = market.ask(server, path, shop)
            if status == 200 and market.gate.wait_tag(tag):
                market.gate.release(tag)
            answer = exchange.wait_answer(PATIENCE_S) or server.expect_answer(exchange, 0.0)
            if answer.status != status:
                server.expect_status(
                    answer, status, wanted=f"{server.name}: {path} is answered {status}", code="shop-missing"
                )
            expect_title(market, server, path, answer, TITLES[shop])
    picture.nothing()  # that all went well needs none


@needs("test_the_market_answers")
def test_visitors_keep_their_shops(market: Market) -> None:
    """Visitors who are served at the same time keep their shops, on the page and in the answer."""
    for server in market.both:
        for name in ("blocking", "awaited"):
            tags = {shop: market.tag() for shop in TITLES}
            visits: dict[str, Exchange] = {}
            for shop, tag in tags.items():  # one after the other: the last one's shop is what may be left of all
                visits[shop] = market.ask(server, f"/{name}/{tag}/", shop, label=shop)
                if not market.gate.wait_tag(tag):
                    server.expect_answer(visits[shop], 0.0)
            for shop, tag in tags.items():
                market.gate.release(tag)
                answer = server.expect_answer(visits[shop], PATIENCE_S)
                wanted = f"{server.name}: a visitor of {TITLES[shop]!r} gets that in X-Shop-Title, though others came"
                if (title := answer.headers["X-Shop-Title"]) != TITLES[shop]:
                    where = market.line(MIDDLEWARE, r"self\.\w+ = (?!get_response)", r"global ", r"[\"']X-Shop-Title")
                    fail("shop-mixed-up", wanted=wanted, saw=f"X-Shop-Title: {title}", where=where)
                if (page := (answer.json() or {}).get("shop")) != TITLES[shop]:
                    where = market.line(MIDDLEWARE, r"\.shop\b")
                    fail("shop-mixed-up", wanted=wanted, saw=f"the page says {page!r}", where=where)


@needs("test_the_market_answers")
def test_an_unknown_shop_is_djangos_404(market: Market) -> None:
    """A shop that nobody knows is Django's 404, as an Http404 of a page would be."""
    for server in market.both:
        wanted = f"{server.name}: X-Shop: {(shop := market.tag())} is answered with Django's page for 404"
        exchange = market.ask(server, "/hello/", shop)
        answer = exchange.wait_answer(PATIENCE_S) or server.expect_answer(exchange, 0.0)
        if answer.status == 404 and "Not Found" in answer.text:
            continue
        error = wait_error(server, answer.request) if answer.status >= 500 else None
        said = f"{error['type']}: {error['message']}, past Django" if error else repr(answer.text[:60])
        where = market.line(MIDDLEWARE, r"except", r"async def __a?call__", r"\bfind\(")
        fail("not-djangos-404", wanted=wanted, saw=f"status {answer.status}: {said}", where=where)


@needs("test_every_answer_names_its_shop")
def test_no_thread_waits_in_the_middleware(market: Market) -> None:
    """While eight awaited pages wait under uvicorn, no thread waits in the middleware."""
    tags = [market.tag() for _ in range(PARKED)]
    visits = [market.ask(market.uvicorn, f"/awaited/{tag}/", label=f"awaited {i}") for i, tag in enumerate(tags, 1)]
    market.gate.wait_held(PARKED)
    stacks: list[list[Any]] = market.uvicorn.expect_get("/threads/").json()["threads"]
    market.gate.open()
    for visit in visits:
        market.uvicorn.expect_answer(visit, PATIENCE_S)
    inside = [line for stack in stacks for module, line in stack if module == "market.middleware"]
    if inside:
        place = inside[0]
        wanted = f"{PARKED} visitors wait for the warehouse on the event loop, and hold no thread of the middleware's"
        saw = f"{len(inside)} threads stand at {MIDDLEWARE}:{place}, each for one visitor"
        fail("thread-parked", wanted=wanted, saw=saw, where=_at(market.uvicorn, place))


@needs("test_every_answer_names_its_shop")
def test_gunicorn_takes_no_detour(market: Market) -> None:
    """Under gunicorn a page is called in its own thread, without an event loop around it."""
    modules: list[str] = market.gunicorn.expect_get("/stack/").json()["modules"]
    if BRIDGE in modules:
        wanted = "under WSGI the middleware calls the page as a function calls a function"
        saw = "an event loop and a bridge stand between gunicorn and the page: asgiref.sync is on its stack"
        where = market.line(MIDDLEWARE, r"sync_capable", r"async def", r"class ShopMiddleware")
        fail("loop-under-wsgi", wanted=wanted, saw=saw, where=where)


def expect_response(market: Market, server: Server, first: Answer) -> None:
    """What the middleware has returned is a response."""
    error = wait_error(server, first.request) if first.status >= 500 else None
    if error is not None and "coroutine" in str(error["message"]):
        wanted = f"{server.name}: the middleware answers /hello/ with a response"
        where = market.line(MIDDLEWARE, r"async def __call__", r"async def", r"get_response\(")
        saw = f"it is a coroutine that Django got: {error['type']}: {error['message']}"
        fail("coroutine-answered", wanted=wanted, saw=saw, where=where)


def expect_title(market: Market, server: Server, path: str, answer: Answer, title: str) -> None:
    """The answer says whose shop it is of."""
    if answer.headers["X-Shop-Title"] != title:
        wanted = f"{server.name}: {path} is answered with X-Shop-Title: {title}"
        saw = f"status {answer.status}, and X-Shop-Title: {answer.headers['X-Shop-Title'] or 'none'}"
        fail("shop-missing", wanted=wanted, saw=saw, where=market.line(MIDDLEWARE, r"[\"']X-Shop-Title"))


def _at(server: Server, line: int) -> SourceLine | None:
    lines = (server.run.project / MIDDLEWARE).read_text(errors="replace").splitlines()
    return SourceLine(MIDDLEWARE, line, doing=lines[line - 1].strip()) if line <= len(lines) else None
