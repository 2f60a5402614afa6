"""Start with Gunicorn/WSGI, the notes: what notes.toml foretells is tried."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from checker.harness.learner_files import expect_toml
from checker.harness.picture import Lane, Picture
from checker.harness.site import SelfBound
from checker.harness.stack import Stack
from checker.harness.suite import needs
from checker.milestones.gunicorn_first import trials
from checker.milestones.gunicorn_first.notes import NOTES, Note, expect_all_right
from checker.milestones.gunicorn_first.office import Office


@needs("test_eight_slow_pages_and_a_fast_one", "test_a_hung_call_is_given_up")
def test_the_notes_are_borne_out(
    office: Office, project: Path, tried: Mapping[int, SelfBound], picture: Picture, stack: Stack
) -> None:
    """notes.toml foretells what the trials show."""
    picture.nothing()  # until the notes are right: a wrong note is explained by no traffic
    notes, text = expect_toml(project, NOTES)
    try:
        for site in tried.values():
            site.expect_ready("/hello/")
        lanes, hung = try_out(office, tried)
    finally:
        office.gate.open()
    for site in (*tried.values(), office.site):  # this is the last check
        stack.retire(site)
    expect_all_right(notes, text, asked_of(office, hung))
    picture.lanes("Eight calls at the theatre", lanes)


def asked_of(office: Office, hung: Mapping[int, trials.Measured]) -> list[Note]:
    """The notes, with what each trial has shown."""
    beats = {
        threads: f"the worker's heartbeat {'stood still' if one.hung_request == trials.ENDED else 'went on'} meanwhile"
        for threads, one in hung.items()
    }
    status = hung[1].visitor_status
    visitor = f"its visitor got {'an' if status else 'no'} answer, though THEATRE_TIMEOUT_S was not over"
    asked = [
        Note("one_sync_worker", "hung_request", hung[1].hung_request, beats[1], "wrong-note"),
        Note("one_sync_worker", "visitor_status", status, visitor, "wrong-note"),
        Note("one_threaded_worker", "hung_request", hung[8].hung_request, beats[8], "wrong-note"),
    ]
    each, workers = office.printed.workers.slots_each, office.printed.workers.workers
    if each is not None:
        served = f"{office.printed.workers.words} serve, and each thread may be waiting for the theatre"
        stuck = f"{office.printed.workers.words} serve, until one worker is stuck with all its threads"
        asked += [
            Note("your_configuration", "calls_at_most", each * workers, served, "wrong-count"),
            Note("your_configuration", "calls_while_a_worker_is_stuck", each * (workers - 1), stuck, "wrong-count"),
        ]
    return asked


def try_out(office: Office, tried: Mapping[int, SelfBound]) -> tuple[list[Lane], dict[int, trials.Measured]]:
    """The calls of each deployment, on one clock, from its own first call on; and what came of those that hung."""
    with ThreadPoolExecutor() as side_by_side:
        one = side_by_side.submit(trials.try_out, office.gate, "one sync", tried[1], 1)
        eight = side_by_side.submit(trials.try_out, office.gate, "1 x 8", tried[8], 8)
        yours = trials.measure_staircase(office.gate, "yours", office.site, office.printed.places or trials.CALLS)
    (steps, sync), (block, threaded) = one.result(), eight.result()
    return [*steps, *block, *yours], {1: sync, 8: threaded}
