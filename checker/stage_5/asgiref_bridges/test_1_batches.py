"""Checks of the bridges: batches of fetches, their limit, and their end."""

from __future__ import annotations

from checker.harness.findings import fail
from checker.harness.given import expect_given
from checker.harness.picture import Picture
from checker.harness.run import Run
from checker.harness.suite import needs
from checker.harness.waiting import wait_until
from checker.stage_5.asgiref_bridges import places
from checker.stage_5.asgiref_bridges.batches import PLACES, Batch, expect_limit
from checker.stage_5.asgiref_bridges.calls import FETCH
from checker.stage_5.asgiref_bridges.depot import BROKEN_OFF, LOOK_SOON_S, PATIENCE_S, Depot, Reply
from checker.stage_5.asgiref_bridges.drawing import threads
from checker.stage_5.asgiref_bridges.trouble import down

GIVEN = (
    *(f"depot/{name}.py" for name in ("legacy", "aio", "upstream", "tracing", "views", "urls")),
    *(f"depot/{name}.py" for name in ("settings", "asgi", "wsgi", "management/commands/look_up")),
)


def test_a_batch_is_found(depot: Depot, run: Run, picture: Picture) -> None:
    """A batch is found by one sign-in, while others are served."""
    expect_given(run, *GIVEN)
    batch = Batch(depot, 3)
    batch.expect_sign_in()
    depot.expect_ping("while a batch signs in")
    batch.sign_in()
    batch.expect_fetches(1, f"{batch.visitor.name} fetches, once it has signed in")
    depot.expect_ping("while a batch fetches")
    batch.serve()
    batch.expect_found()
    none = Batch(depot, 0, "/locate/, of no parcel")
    depot.serve(none.visitor, replies=lambda _: depot.word("session"))
    none.expect_found()
    picture.nothing()


@needs("test_a_batch_is_found")
def test_four_fetches_at_once(depot: Depot, picture: Picture) -> None:
    """Four fetches are under way at once; as one ends, the next begins."""
    with threads(depot, picture, "one batch of seven: the threads, and what they wait for"):
        batch = Batch(depot, 7)
        batch.sign_in()
        batch.expect_fetches(PLACES)
        expect_limit(depot, f"one batch has no more than {PLACES} fetches under way")
        begun = {call.about for call in batch.held}
        while len(begun) < len(batch.visitor.parcels):
            # The last one first: who waits for a whole group, or for the oldest, does not go on.
            last = batch.held[-1]
            depot.reply(last, batch.reply(last))
            _expect_next(batch, begun)
            begun |= {call.about for call in batch.held}
        batch.serve()
        batch.expect_found()
        expect_limit(depot, f"one batch has no more than {PLACES} fetches under way")


@needs("test_four_fetches_at_once")
def test_never_more_than_four(depot: Depot, picture: Picture) -> None:
    """Never more than four fetches are under way, whoever asks."""
    wanted = f"all batches together have no more than {PLACES} fetches under way"
    one = Batch(depot, 6, "batch one")
    one.sign_in()
    one.expect_fetches(PLACES)
    # Together they leave a place to the first, which is served first.
    two, three = Batch(depot, 2, "batch two"), Batch(depot, 1, "batch three")
    for batch in (two, three):
        batch.expect_sign_in()
    for batch in (two, three):
        batch.sign_in()
    expect_limit(depot, wanted, "limit-for-each")
    for batch in (one, two, three):
        batch.serve()
    for batch in (one, two, three):
        batch.expect_found()
    expect_limit(depot, wanted, "limit-for-each")
    picture.nothing()


@needs("test_never_more_than_four")
def test_a_visitor_who_leaves(depot: Depot, picture: Picture) -> None:
    """A batch that is left begins no fetch; those under way count."""
    early = Batch(depot, 2, "batch that is left at its sign-in")
    sign_in = early.expect_sign_in()
    _leave(depot, early)
    depot.reply(sign_in, depot.word("session"))
    _expect_no_further(depot, early, set(), "its visitor has left")

    gone, other = Batch(depot, 7, "batch that is left"), Batch(depot, 2, "another batch")
    gone.sign_in()
    begun = {call.about for call in gone.expect_fetches(PLACES)}
    _leave(depot, gone)
    other.sign_in()
    expect_limit(depot, f"the {PLACES} fetches of a batch that was left count until they are done", "place-given-early")
    for call in gone.held[:2]:
        depot.reply(call, gone.reply(call))
    _expect_no_further(depot, gone, begun, "its visitor has left")
    other.expect_fetches(2, "another batch fetches, once fetches of the one that was left are done")
    other.serve()
    other.expect_found()
    picture.nothing()


@needs("test_four_fetches_at_once")
def test_errors_of_the_carrier(depot: Depot, picture: Picture) -> None:
    """An unknown parcel is null; a carrier that is down ends the batch."""
    batch = Batch(depot, 6, "batch with an unknown parcel")
    batch.sign_in()
    unknown = batch.expect_fetches(PLACES)[1]
    depot.reply(unknown, Reply(depot.word("unknown"), 404))
    batch.serve()
    depot.expect_answer(batch.visitor, {**batch.places, unknown.about: None}, "the unknown parcel is null")

    for reply in (Reply(depot.word("strike"), 503), Reply("", BROKEN_OFF)):
        lost = Batch(depot, 8, "batch with the carrier down")
        lost.sign_in()
        depot.reply(lost.expect_fetches(PLACES)[1], reply)
        # Whoever takes the place of that one may have begun by then; what is under way is not waited for.
        _expect_down(depot, lost, reply, "while other fetches of it are under way,")
        depot.settle()
        begun = {call.about for call in lost.held}
        for call in lost.held:
            depot.reply(call, lost.reply(call))
        _expect_no_further(depot, lost, begun, "it has been answered")

    refused = Batch(depot, 3, "batch whose sign-in fails")
    reply = Reply(depot.word("closed"), 503)
    depot.reply(refused.expect_sign_in(), reply)
    _expect_down(depot, refused, reply, "when the sign-in fails,")
    picture.nothing()


def _expect_next(batch: Batch, begun: set[str]) -> None:
    """A fetch begins that had not, though others are under way."""
    gate = batch.depot.gate
    wait_until(
        lambda: any(call.about not in begun for call in batch.held) or batch.visitor.is_done,
        PATIENCE_S,
        unless_ended=batch.visitor.ending(),
        every_s=LOOK_SOON_S,
    )
    gate.wait_settled()
    if all(call.about in begun for call in batch.held):
        wanted = "as one fetch of a batch is done, its next one begins"
        saw = f"none has begun; {len(batch.held)} are still under way"
        fail("waits-for-others", wanted=wanted, saw=saw, where=places.turns(batch.depot.uvicorn.run, "locate", FETCH))


def _leave(depot: Depot, batch: Batch) -> None:
    """The visitor hangs up, and the server has taken note of it."""
    batch.visitor.exchange.hang_up()
    depot.settle()


def _expect_no_further(depot: Depot, batch: Batch, begun: set[str], when: str) -> None:
    depot.settle()
    if further := [call for call in batch.held if call.about not in begun]:
        wanted = f"once {when}, {batch.visitor.name} begins no further fetch"
        saw = f"{len(further)} more began"
        where = places.ending(depot.uvicorn.run)
        fail("fetches-after-the-end", wanted=wanted, saw=saw, where=where)


def _expect_down(depot: Depot, batch: Batch, reply: Reply, when: str) -> None:
    """CarrierDown reaches the page, though fetches of the batch wait."""
    wait_until(lambda: batch.visitor.is_done, PATIENCE_S, unless_ended=batch.visitor.ending(), every_s=LOOK_SOON_S)
    waits_for = len(batch.held) if not batch.visitor.is_done else 0
    if waits_for:
        batch.serve()
    depot.expect_failure(batch.visitor, down(reply.text), when)
    if waits_for:
        wanted = f"{when} CarrierDown ends the batch at once"
        saw = f"it waited for the {waits_for} fetches that were under way"
        fail("error-late", wanted=wanted, saw=saw, where=places.ending(depot.uvicorn.run))
