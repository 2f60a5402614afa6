"""The page of milestones/chat_app in a real browser: two people talk, and the history is there after a reload."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import browsing, chromium, connected, open_page
from tests.chat_pages import PICTURE, chat_site, enter, say, texts

MOST_PICTURE_BYTES = 60_000
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def browser() -> Iterator[str]:
    """The address of a browser's protocol."""
    program = chromium()
    if program is None:
        pytest.skip("no Chromium on PATH (chromium, chromium-browser or google-chrome)")
    with browsing(program) as address:
        yield address


def test_two_pages_talk_and_remember(browser: str, tmp_path: Path) -> None:
    said = ["hello <b>Bo</b> &amp; all", "hello Ada \U0001f98a"]

    async def talk(url: str) -> None:
        async with connected(browser) as connection:
            ada, bo = await open_page(connection), await open_page(connection)
            await enter(ada, url, "Ada", "Tea & Cake")
            await enter(bo, url, "Bo", "Tea & Cake")
            await say(ada, said[0])
            assert await texts(bo, 1) == said[:1]
            await say(bo, said[1])
            assert [await texts(page, 2) for page in (ada, bo)] == [said, said]
            await bo.go(url)
            assert await texts(bo, 2) == said
            assert await bo.run("document.querySelector('.message b')") is None

    with chat_site(tmp_path) as url:
        asyncio.run(talk(url))


def test_the_lessons_picture_is_small() -> None:
    picture = PICTURE.read_bytes()
    assert picture.startswith(PNG)
    assert len(picture) < MOST_PICTURE_BYTES
