"""Checks of Hello over HTTP: one small app under gunicorn."""

from __future__ import annotations

import pytest

from checker.harness.findings import fail
from checker.harness.server import Server
from checker.harness.starters import Gunicorn
from checker.harness.suite import needs


@pytest.fixture(scope="module")
def site(gunicorn: Gunicorn) -> Server:
    """The app, served."""
    return gunicorn("app:application")


def test_the_app_answers(site: Server) -> None:
    """The app answers."""
    site.expect_ready("/")


@needs("test_the_app_answers")
def test_it_says_hello(site: Server) -> None:
    """It says hello."""
    answer = site.expect_get("/hello/")
    if (answer.status, answer.text) != (200, "hello"):
        fail("not-hello", wanted="status 200: 'hello'", saw=f"status {answer.status}: {answer.text[:80]!r}")


@needs("test_it_says_hello")
def test_it_says_so_in_plain_text(site: Server) -> None:
    """It says so in plain text."""
    found = site.expect_get("/hello/").headers.get_content_type()
    if found != "text/plain":
        fail("not-plain-text", wanted="Content-Type: text/plain", saw=f"Content-Type: {found}")


@needs("test_it_says_hello")
def test_other_paths_are_not_found(site: Server) -> None:
    """Other paths are not found."""
    answer = site.expect_get("/nowhere/")
    if answer.status != 404:
        fail("everything-answered", wanted="status 404 for /nowhere/", saw=f"status {answer.status}")
