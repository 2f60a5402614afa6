"""Start with Gunicorn/WSGI, the notes: what notes.toml foretells is tried."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
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
        lanes = staircases(office, tried)
        with ThreadPoolExecutor() as side_by_side:
            hang = partial(trials.hang, gate=office.gate)
            hung = dict(zip(tried, side_by_side.map(hang, tried.values(), tried), strict=True))
    finally:
        office.gate.open()
    for site in tried.values():
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


def staircases(office: Office, tried: Mapping[int, SelfBound]) -> list[Lane]:
    """The calls of each deployment, all at the same time, on one clock: from its own first call on."""
    sites = {"one sync": tried[1], "1 x 8": tried[8], "yours": office.site}
    measure = partial(trials.measure_staircase, office.gate)
    with ThreadPoolExecutor() as side_by_side:
        return [lane for lanes in side_by_side.map(measure, sites, sites.values()) for lane in lanes]
