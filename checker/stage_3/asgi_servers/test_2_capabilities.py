"""Checks of ASGI Servers: capabilities.json, held against what the same servers did here, a moment ago."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from checker.harness.findings import fail
from checker.harness.history import History
from checker.harness.picture import Picture
from checker.harness.run import Run
from checker.harness.suite import needs
from checker.stage_3.asgi_servers.acts import Seen, expect_heard
from checker.stage_3.asgi_servers.claims import expect_claims, place
from checker.stage_3.asgi_servers.drawing import draw_acts
from checker.stage_3.asgi_servers.fixtures import Measured
from checker.stage_3.asgi_servers.rows import DAPHNE, ENDS, Value

UNTRUE = {
    "lifespan": "protocol-untrue",
    "http2": "protocol-untrue",
    "term": "term-untrue",
    "hup": "hup-untrue",
    "hup_open": "hup-untrue",
    "killed": "killed-untrue",
}


def _expect_true(project: Path, column: str, measured: Mapping[str, tuple[Value, str]]) -> None:
    """The column says of each server what was measured; of those untrue the first is told, and the others counted."""
    claims = expect_claims(project)
    untrue = [name for name, (value, _) in measured.items() if claims[name][column] != value]
    if untrue:
        name = untrue[0]
        _, saw = measured[name]
        others = f"; {len(untrue) - 1} more of this column, too" if untrue[1:] else ""
        fail(
            UNTRUE[column],
            wanted=f"{name}: {column} says what your serve.py does here",
            saw=f"{saw}; the file says {json.dumps(claims[name][column])}{others}",
            where=place(project, name, column),
            facts={"server": name},
        )


@needs("test_http2_is_on_where_a_server_has_it")
def test_lifespan_and_http2_are_true(project: Path, measured: dict[str, Measured]) -> None:
    """capabilities.json has its rows and cells; lifespan and http2 are as measured."""
    expect_claims(project)
    lifespans = {name: bool(m.trial.booted.result()["has_lifespan"]) for name, m in measured.items()}
    told = {True: "the app was told of its lifespan", False: "the app was never told of a lifespan"}
    _expect_true(project, "lifespan", {name: (value, told[value]) for name, value in lifespans.items()})
    spoken = {name: m.http2.result() for name, m in measured.items()}
    told = {True: "a page came over HTTP/2", False: "a client that began with HTTP/2 got no page"}
    _expect_true(project, "http2", {name: (value, told[value]) for name, value in spoken.items()})


@needs("test_term_reaches_the_server")
def test_what_term_does_is_true(
    project: Path, measured: dict[str, Measured], history: History, picture: Picture
) -> None:
    """What TERM does to an open request is as measured."""
    seen = {name: m.term.result() for name, m in measured.items()}
    _expect_true(project, "term", {name: (act.request, _of_request(act)) for name, act in seen.items()})
    draw_acts(history, picture, seen)


@needs("test_term_reaches_the_server")
def test_what_hup_does_is_true(
    run: Run, project: Path, measured: dict[str, Measured], history: History, picture: Picture
) -> None:
    """What HUP does to the server, and to an open request, is as measured."""
    seen = {name: m.hup.result() for name, m in measured.items()}
    for name, act in seen.items():
        expect_heard(run, name, act)
    _expect_true(project, "hup", {name: (act.server, f"at HUP {act.saw}") for name, act in seen.items()})
    _expect_true(project, "hup_open", {name: (act.request, _of_request(act)) for name, act in seen.items()})
    draw_acts(history, picture, seen)


@needs("test_term_reaches_the_server")
def test_what_a_killed_worker_means_is_true(project: Path, measured: dict[str, Measured]) -> None:
    """What follows when a worker is killed is as measured."""
    seen = {name: m.killed.result() for name, m in measured.items() if m.killed}
    told: dict[str, tuple[Value, str]] = {
        name: (act.server, f"when a worker was killed, {act.saw}") for name, act in seen.items()
    }
    told[DAPHNE.name] = (ENDS, "it has one process, and nobody who would start another")
    _expect_true(project, "killed", told)


def _of_request(act: Seen) -> str:
    return f"the request that was open at {act.word} was {act.request}"
