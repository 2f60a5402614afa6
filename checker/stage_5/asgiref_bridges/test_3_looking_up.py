"""Checks of the bridges: plain functions that ask an awaited client, whoever calls them, and what is left over."""

from __future__ import annotations

from checker.harness.picture import Picture
from checker.harness.suite import needs
from checker.stage_5.asgiref_bridges import trouble
from checker.stage_5.asgiref_bridges.depot import Depot
from checker.stage_5.asgiref_bridges.drawing import askers
from checker.stage_5.asgiref_bridges.registers import LookUp


@needs("test_a_batch_is_found")
def test_parcels_are_looked_up(depot: Depot, picture: Picture) -> None:
    """Parcels are looked up by views and by the command, all at once."""
    command = LookUp(depot, depot.command(3))  # it starts while others ask
    servers = (depot.uvicorn, depot.gunicorn)
    with askers(depot, picture, "who asks the register, and on which loop"):
        for server in servers:
            view = LookUp(depot, depot.visit("look_up", 3, name="view", server=server))
            view.open()
            view.finish()
        command.open()
        command.finish()
    for server in servers:
        both = [LookUp(depot, depot.visit("look_up", 2, name=f"view {name}", server=server)) for name in "ab"]
        for each in both:
            each.open()
        for each in both:
            each.expect_asked_at_once()
        for each in both:
            each.finish()


@needs("test_parcels_are_looked_up")
def test_a_look_up_that_is_refused(depot: Depot, picture: Picture) -> None:
    """A look-up that is refused raises the error, and closes its register."""
    command = depot.command(2)  # it starts while others ask
    views = [depot.visit("look_up", 3, name="view", server=server) for server in (depot.uvicorn, depot.gunicorn)]
    for refused in [*(LookUp(depot, view) for view in views), LookUp(depot, command)]:
        refused.open()
        refused.refuse(depot.word("nobody"))
    picture.nothing()


@needs("test_a_batch_is_found")
def test_no_coroutine_is_left(depot: Depot, picture: Picture) -> None:
    """No coroutine was left unawaited."""
    for server in (depot.uvicorn, depot.gunicorn):
        trouble.judge_unawaited(server, f"each coroutine that is made in {server.name} is awaited", "")
    picture.nothing()
