"""Start with Gunicorn/WSGI, the notes: what notes.toml foretells is tried."""

from __future__ import annotations

from pathlib import Path

from checker.harness import starters
from checker.harness.findings import fail
from checker.harness.learner_files import expect_toml
from checker.harness.picture import Lane, Picture
from checker.harness.site import SelfBound
from checker.harness.suite import needs
from checker.milestones.gunicorn_first import trials
from checker.milestones.gunicorn_first.configuration import stop_all
from checker.milestones.gunicorn_first.office import Office
from course.model import SourceLine

OF_YOUR_OWN = {
    "calls_at_most": "calls_at_most as your own workers and threads make it, without a reload",
    "calls_while_a_worker_is_stuck": "calls_while_a_worker_is_stuck: places of the workers that are not stuck",
}


@needs("test_eight_slow_pages_and_a_fast_one", "test_a_hung_call_is_given_up")
def test_the_notes_are_borne_out(
    office: Office, project: Path, self_bound: starters.SelfBound, picture: Picture
) -> None:
    """notes.toml foretells what the trials show."""
    notes, text = expect_toml(project, "notes.toml")
    tried = {
        threads: trials.start_trial(self_bound, office.run, office.gate, office.folder, threads=threads)
        for threads in (1, 8)
    }
    try:
        for site in tried.values():
            site.expect_ready("/hello/")
        picture.lanes("Eight calls at the theatre", staircases(office, tried))
        hung = {threads: trials.hang(site, office.gate, threads=threads) for threads, site in tried.items()}
    finally:
        office.gate.open()
        stop_all(list(tried.values()))
    measured: dict[tuple[str, str], str | int] = {
        ("one_sync_worker", "hung_request"): hung[1].hung_request,
        ("one_sync_worker", "visitor_status"): hung[1].visitor_status,
        ("one_threaded_worker", "hung_request"): hung[8].hung_request,
    }
    each, workers = office.printed.workers.slots_each, office.printed.workers.workers
    if each is not None:
        measured["your_configuration", "calls_at_most"] = each * workers
        measured["your_configuration", "calls_while_a_worker_is_stuck"] = each * (workers - 1)
    for (table, name), value in measured.items():
        section = notes.get(table)
        predicted = section.get(name) if isinstance(section, dict) else None
        if predicted != value or isinstance(predicted, bool):
            said = "is missing" if predicted is None else f"says {predicted!r}"
            fail(
                "wrong-note",
                wanted=OF_YOUR_OWN.get(name, f"{table}.{name} = {value!r}, as the trial showed"),
                saw=f"notes.toml {said}",
                where=SourceLine("notes.toml", line_of(text, table, name)),
            )


def staircases(office: Office, tried: dict[int, SelfBound]) -> list[Lane]:
    """The calls of each deployment on one clock, from its own first call on."""
    gate = office.gate
    return [
        *trials.measure_staircase(tried[1], gate, "one sync"),
        *trials.measure_staircase(tried[8], gate, "1 x 8"),
        *trials.measure_staircase(office.site, gate, "yours"),
    ]


def line_of(text: str, table: str, name: str) -> int:
    """The line of notes.toml that sets this name in this table; 1 when none does."""
    section = ""
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("["):
            section = line.strip().strip("[]")
        elif section == table and line.split("=")[0].strip() == name:
            return number
    return 1
