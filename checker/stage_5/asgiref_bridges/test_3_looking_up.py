"""Checks of the bridges: plain functions that ask an awaited client, whoever calls them, and what is left over."""

from __future__ import annotations

from checker.harness.picture import Picture
from checker.harness.suite import needs
from checker.stage_5.asgiref_bridges import trouble
from checker.stage_5.asgiref_bridges.depot import Depot
from checker.stage_5.asgiref_bridges.drawing import threads
from checker.stage_5.asgiref_bridges.registers import LookUp


@needs("test_a_batch_is_found")
def test_parcels_are_looked_up(depot: Depot, picture: Picture) -> None:
    """Parcels are looked up under uvicorn, under gunicorn and by the command: all at once, by one register."""
    with threads(depot, picture, "look-ups, one after the other: the threads of their calls"):
        for server in (depot.uvicorn, depot.gunicorn):
            for name in ("/look-up/", "/look-up/, the second time"):
                one = LookUp(depot, depot.visit("look_up", 3, name=name, server=server))
                one.open()
                one.finish()
            both = [LookUp(depot, depot.visit("look_up", 2, name=f"/look-up/ {name}", server=server)) for name in "ab"]
            for each in both:
                each.open()
            for each in both:
                each.expect_asked_at_once()
            for each in both:
                each.finish()
        command = LookUp(depot, depot.command(3))
        command.open()
        command.finish()


@needs("test_parcels_are_looked_up")
def test_a_look_up_that_is_refused(depot: Depot, picture: Picture) -> None:
    """A parcel that the register refuses ends the look-up, as Refused, with all three; the register is closed."""
    for asker in (
        depot.visit("look_up", 3, name="look-up with a refusal"),
        depot.visit("look_up", 3, name="look-up with a refusal", server=depot.gunicorn),
        depot.command(2),
    ):
        refused = LookUp(depot, asker)
        refused.open()
        refused.refuse(depot.word("nobody"))
    picture.nothing()


@needs("test_a_batch_is_found")
def test_no_coroutine_is_left(depot: Depot, picture: Picture) -> None:
    """No coroutine was left unawaited, in either server."""
    for server in (depot.uvicorn, depot.gunicorn):
        trouble.judge_unawaited(server, f"each coroutine that is made in {server.name} is awaited", "one was not:")
    picture.nothing()
