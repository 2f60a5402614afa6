"""Start with Gunicorn/WSGI, the journal: it holds nobody up, and has one true line for each request."""

from __future__ import annotations

from checker.harness.findings import fail
from checker.harness.idle import Rest
from checker.harness.suite import needs
from checker.harness.waiting import wait_until
from checker.milestones.gunicorn_first.configuration import GENEROUS_S
from checker.milestones.gunicorn_first.office import JOURNAL, Answered, Office, journal_lines
from checker.milestones.gunicorn_first.verdicts import (
    as_written,
    expect_bytes_of_a_part,
    expect_journal_around,
    expect_journal_line,
    judge_silence,
    what_holds_others,
)


@needs("test_eight_slow_pages_and_a_fast_one")
def test_a_page_is_served_beside_a_list(office: Office) -> None:
    """Each row of a list leaves at once, and another page is served beside it."""
    with office.workers.crowded(), office.guest_list("lulu") as stream:
        office.expect_list_begun(stream, "lulu")
        hello = office.ask("/hello/", "hello beside a list")
        # Nothing has to come from the theatre for it: when all workers rest, it waits for whoever reads the list.
        if not wait_until(lambda: hello.is_done, GENEROUS_S, unless_ended=Rest(office.site.process)):
            wanted = "/hello/ is answered while a guest list of the same worker waits for its next row"
            saw = "it was not answered as long as the theatre looked for that row"
            fail("list-holds-others", wanted=wanted, saw=saw, where=what_holds_others(office))
        office.expect_answer_to(hello)
        office.expect_whole_list(stream, "lulu", "another page was served")


@needs("test_a_page_is_served_beside_a_list")
def test_the_journal_keeps_its_duties(office: Office) -> None:
    """The journal has one true line for each request, also for a list whose reader leaves."""
    with office.workers.crowded(), office.guest_list("ring") as stream:
        office.expect_list_begun(stream, "ring")
        office.expect_answer_to(office.ask("/hello/", "hello beside"))
        order = office.order("ring")
        office.gate.wait_tag("order-ring", GENEROUS_S)
        office.gate.release("order-ring")
        office.expect_page(order, 201, {"order": "order-ring"})
        office.expect_answer_to(office.ask("/nowhere/", "nowhere"))
        office.expect_whole_list(stream, "ring", "another page was served")
    office.expect_closed("ring", "it has been read to its end")
    expect_journal_around(office)
    beside = office.answered[-1]
    if not journal_lines(office.site.process.log.text) and not office.wait_for_journal(beside.label, beside.id):
        judge_silence(office, beside.label)
    # Among them those who all waited at once while a fast page was served.
    for request in (*office.answered, Answered("guests ring", "/guests/ring/", 200, len(stream.body), stream.id)):
        expect_journal_line(office, request)

    with office.guest_list("carmen") as leaving:
        office.expect_list_begun(leaving, "carmen")
    office.expect_closed("carmen", "its reader has left")
    line = office.wait_for_journal("guests carmen", leaving.id)
    if len(line) != 1 or line[0].get("status") != 200:
        wanted = "a list whose reader left is one line of the journal, like any other"
        saw = f"{len(line)} lines for it{': ' + as_written(line) if line else ''}"
        fail("line-lost", wanted=wanted, saw=saw, where=office.place(JOURNAL, "write_line"))
    expect_bytes_of_a_part(office, line[0], "carmen", len(leaving.body))
