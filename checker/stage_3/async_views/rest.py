"""One supplier's price by Django REST framework: what that page answers, and who waits for it."""

from __future__ import annotations

from functools import partial
from random import Random

from checker.harness.findings import fail
from checker.harness.gate import ARRIVAL_DEADLINE_S, Gate
from checker.harness.history import History
from checker.harness.http import Exchange
from checker.harness.lines import line_matching
from checker.harness.server import Server
from checker.harness.waiting import wait_until
from checker.stage_3.async_views.errors import expect_free_loop, judge_error, wait_error_of
from checker.stage_3.async_views.pages import expect_page
from checker.stage_3.async_views.suppliers import PRICES, PROMPT_S

FILE = "desk/api.py"
LOOK_EVERY_S = 0.005


def expect_rest_page(server: Server, gate: Gate, random: Random, *, has_neighbours: bool) -> None:
    """The price that this supplier asks for now; where the server has `has_neighbours`, a page is served meanwhile."""
    name, price = random.choice(list(PRICES)), f"{random.uniform(10, 90):.2f}"
    since = History.now()
    page = server.send(f"/price/{name}/", label=f"price of {name}")
    wanted = f"/price/{name}/ answers the price that {name} asks for"
    asked_or_over = partial(_is_asked_or_over, page, gate, name)
    if not wait_until(asked_or_over, ARRIVAL_DEADLINE_S, every_s=LOOK_EVERY_S) or page.is_done:
        error = wait_error_of(server, page.id)
        judge_error(server, error, wanted, line_matching(server.run.project, FILE, [r"\s*async def (get|dispatch)\b"]))
        expect_page(server, page, f"/price/{name}/ asks {name}", 0.1)
    if has_neighbours:
        hello = server.send("/hello/", label="hello")
        if hello.wait_answer(PROMPT_S) is None:
            expect_free_loop(server, since, f"/hello/ is answered while {name} is asked for its price")
            server.expect_answer(hello)
    gate.release(name, body=price)
    answer = expect_page(server, page, wanted)
    if answer.json() != {"name": name, "price": price}:
        fail("wrong-answer", wanted=f'{wanted}: {{"name": "{name}", "price": "{price}"}}', saw=answer.text[:200])


def _is_asked_or_over(page: Exchange, gate: Gate, name: str) -> bool:
    return page.is_done or name in gate.held


def expect_rest_options(server: Server, name: str = "acme") -> None:
    """OPTIONS tells what the page renders, as Django REST framework has it."""
    answer = server.expect_answer(server.send(f"/price/{name}/", method="OPTIONS", label="OPTIONS"))
    told = answer.json() if answer.status == 200 and answer.text.startswith("{") else {}
    if "application/json" not in told.get("renders", ()):
        fail(
            "no-rest-view",
            wanted="/price/ is still a view of Django REST framework: OPTIONS tells what it renders",
            saw=f"status {answer.status}, {answer.text[:80]!r}",
            where=line_matching(server.run.project, FILE, [r"class \w+", r"(async )?def \w+"]),
        )
