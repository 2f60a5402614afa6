"""Move to Uvicorn: what was decided, and why."""

from __future__ import annotations

from pathlib import Path

from checker.harness.learner_files import expect_toml
from checker.harness.picture import Picture
from checker.harness.seed import Seed
from checker.harness.suite import needs
from checker.milestones.convert_to_async.decisions import FILE, Measured, expect_true
from checker.milestones.convert_to_async.depot import Depot, words


@needs(
    "test_twelve_visitors_wait_at_once",
    "test_each_event_leaves_at_once",
    "test_nobody_holds_the_loop",
    "test_an_export_goes_on_after_its_answer",
)
def test_the_decisions_are_borne_out(depot: Depot, project: Path, seed: Seed, picture: Picture) -> None:
    """decisions.toml says of six views what they are, and a reason that was seen."""
    picture.nothing()
    decisions, text = expect_toml(project, FILE)
    depot.gate.open()
    part, name = words(seed, "decisions", 2)
    asked = {
        "rates": (f"/rates/{part}/", "many-waits"),
        "events": (f"/events/{part}/", "stream"),
        "label": ("/label/1/", "blocking-library"),
        "parts": ("/parts/", "database"),
        "digest": (f"/digest/{part}/", "computes"),
        "export": (f"/export/{name}/", "background"),
    }
    measured = []
    for view, (path, reason) in asked.items():
        came = depot.gate.arrived
        visit = depot.send(path, method="POST" if view == "export" else "GET", label=view)
        depot.server.expect_answer(visit)
        depot.gate.wait_settled()
        viewed = depot.viewed(visit)
        kind = "async" if viewed is not None and viewed["on_loop"] else "sync"
        measured.append(Measured(view, kind, reason, _shown(view, depot.gate.arrived - came)))
    expect_true(decisions, text, measured)


def _shown(view: str, calls: int) -> str:
    """What was seen of this view, which its reason has to explain; `calls` reached its upstreams."""
    made = {0: "no call was made", 1: "one call was made"}.get(calls, f"{calls} calls were made")
    return {
        "rates": f"{made} for one page, all under way at once, and none had a thread",
        "events": f"{made}, and each was passed on before the next",
        "label": f"{made}, by the printer's SDK, and a thread waited in it",
        "parts": f"{made}; what the page tells came from SQL",
        "digest": f"{made}, nothing was waited for, and a processor was busy",
        "export": "its answer had left while its call was still under way",
    }[view]
