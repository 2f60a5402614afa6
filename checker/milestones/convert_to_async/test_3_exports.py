"""Move to Uvicorn: exports, which go on after their answer."""

from __future__ import annotations

import json
from concurrent.futures import Future
from typing import Any

from checker.harness.findings import fail
from checker.harness.picture import Picture
from checker.harness.seed import Seed
from checker.harness.suite import needs
from checker.harness.waiting import wait_until
from checker.milestones.convert_to_async import places
from checker.milestones.convert_to_async.depot import Depot, words
from checker.milestones.convert_to_async.ending import Ending, web_line

SETTLED_S = 3.0
SHOWN_WORDS = 8  # of a command line


@needs("test_each_request_is_answered_as_before")
def test_an_export_goes_on_after_its_answer(depot: Depot, seed: Seed, picture: Picture) -> None:
    """An export is accepted before the ministry has answered, and done once it has: two at once."""
    names = words(seed, "exports", 2)
    for name in names:
        _begin(depot, name)
    for name in reversed(names):
        if (state := _told(depot, name).get("state")) != "running":
            saw = f"it is {state!r}; the ministry has not answered yet"
            fail("export-lost", wanted=f"{name} is running", saw=saw, where=places.begins_exports(depot.server.run))
        depot.gate.release(f"export-{name}")
        if (told := _settled(depot, name)) != {"export": name, "state": "done", "text": f"export-{name}"}:
            wanted = f"{name} is 'done', with the text of the ministry, which has answered"
            saw = json.dumps(told)
            fail("export-lost", wanted=wanted, saw=saw, where=places.begins_exports(depot.server.run))
    picture.nothing()  # all went well


@needs("test_an_export_goes_on_after_its_answer")
def test_a_failed_export_says_so(depot: Depot, seed: Seed, picture: Picture) -> None:
    """An export that fails is told as failed: by a status, by a broken connection."""
    for name, failure in zip(words(seed, "failing exports", 2), ("answers 503", "breaks the connection"), strict=True):
        _begin(depot, name)
        if failure == "answers 503":
            depot.gate.release(f"export-{name}", status=503)
        else:
            depot.gate.break_off(f"export-{name}")
        if (state := _settled(depot, name).get("state")) != "failed":
            wanted = f"{name} is 'failed' when the ministry {failure}"
            where = places.asks_ministry(depot.server.run)
            fail("failure-untold", wanted=wanted, saw=f"its state is {state!r}", where=where)
    picture.nothing()  # all went well


def _begin(depot: Depot, name: str) -> None:
    """Begin an export, and see the ministry asked."""
    tag = f"export-{name}"
    asked = depot.send(f"/export/{name}/", method="POST", label=f"export {name}")
    is_asked = depot.wait_held([tag])
    answer = asked.wait_answer(SETTLED_S)
    if answer is None and is_asked:
        wanted = f"POST /export/{name}/ is answered with 202 before the ministry answers"
        saw = "the ministry was asked, and no answer left while it did not"
        fail("answer-waits", wanted=wanted, saw=saw, where=places.awaits_export(depot.server.run))
    answer = depot.server.expect_answer(asked)
    if not is_asked:
        wanted, saw = f"/export/{name}/ asks the ministry", f"status {answer.status}; the ministry was never asked"
        fail("export-lost", wanted=wanted, saw=saw, where=places.calling(depot.server.run, {"start"}, "export"))


def _told(depot: Depot, name: str) -> dict[str, Any]:
    """What GET tells of this export."""
    body: Any = depot.server.expect_answer(depot.send(f"/export/{name}/")).json()
    return body if isinstance(body, dict) else {}


def _settled(depot: Depot, name: str) -> dict[str, Any]:
    """The same once it is not running any more, or when it stays so."""
    wait_until(lambda: _told(depot, name).get("state") != "running", SETTLED_S)
    return _told(depot, name)


@needs("test_each_request_is_answered_as_before")
def test_the_web_command_starts_uvicorn(depot: Depot, ending: Future[Ending]) -> None:
    """The Procfile's one command starts uvicorn, at the port it is given."""
    ended, run = ending.result(), depot.server.run
    if not ended.is_uvicorn:
        saw = f"it started `{' '.join(ended.commands[-1].split()[-SHOWN_WORDS:])}`"
        fail("web-command", wanted="the web command starts uvicorn", saw=saw, where=web_line(run))
    if other := [state for state in ended.told if state != "running"]:
        wanted = "each process of the web command tells of the exports under way that they are running"
        saw = f"each was asked, the others held back: {len(other)} of {len(ended.told)} times it was {other[0]!r}"
        fail("state-in-memory", wanted=wanted, saw=saw, where=web_line(run))


@needs("test_an_export_goes_on_after_its_answer", "test_the_web_command_starts_uvicorn")
def test_no_export_is_lost_when_the_process_ends(depot: Depot, ending: Future[Ending]) -> None:
    """SIGTERM loses no export: it is waited for, or taken up at the next start."""
    ended, run = ending.result(), depot.server.run
    if ended.failure:
        raise ended.failure
    wanted = "two exports that were accepted before SIGTERM are kept in the end"
    if not ended.ended:
        saw = "the last export was answered, and the process rests, and does not end"
        fail("never-ends", wanted="the process ends once its exports are done", saw=saw, where=places.ends(run))
    if lost := [name for name in ended.exports if name not in ended.kept]:
        when = f"after {ended.answered} of {len(ended.exports)} were answered"
        if ended.earlier_s:
            when = f"{ended.earlier_s:.1f} s after SIGTERM, whether all were answered by then, or {ended.answered}"
        again = "; the next start did not take them up" if ended.started_again else ""
        saw = f"the process ended {when}; of {len(ended.exports)} exports {len(lost)} are lost{again}"
        otherwise = places.ends if ended.answered else places.end_of_process
        otherwise = places.waits_a_time if ended.earlier_s else otherwise
        where = (places.takes_up(run) if ended.kept else None) or otherwise(run)
        fail("export-lost-at-the-end", wanted=wanted, saw=saw, where=where)
    if other := [state for state in ended.told_again if state != "running"]:
        wanted = "the next start tells of the exports that it takes up that they are running"
        saw = f"the ministry was asked for {len(ended.told_again)} of them; of {len(other)} it told {other[0]!r}"
        fail("state-in-memory", wanted=wanted, saw=saw, where=places.states(run))
