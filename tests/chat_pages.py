"""The chat of milestones/chat_app in a browser, on its reference: two people in one room, each on a page of their own.

As a program it draws the picture that stands in the lesson: `python -m tests.chat_pages`.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from checker.harness.servers.nginx import nginx
from checker.harness.servers.uvicorn import uvicorn
from checker.harness.servers.valkey import valkey
from checker.harness.stack import Stack
from checker.milestones.chat_app.stack import boot
from tests.browser import Page, browsing, chromium, connected, open_page
from tests.running import running
from tests.tree import ROOT

NAME = "milestones/chat_app"
SCAFFOLD = ROOT / "exercises" / NAME / "scaffold"
PICTURE = SCAFFOLD / "page.png"
MIGRATED_WITHIN_S = 60.0
WIDTH, HEIGHT = 460, 520


@contextmanager
def chat_site(folder: Path) -> Iterator[str]:
    """The reference behind nginx: the address of its page."""
    project: dict[str, str] = {}
    for room in (SCAFFOLD, ROOT / "solutions" / NAME / "right" / "reference"):
        files = [path for path in room.rglob("*") if path.is_file() and path.suffix in {".py", ".html", ".conf"}]
        project |= {path.relative_to(room).as_posix(): path.read_text(encoding="utf-8") for path in files}
    with running(folder, project) as run:
        stack = Stack(run)
        try:
            site = boot(run, stack, stack.starter(uvicorn), stack.starter(nginx), stack.starter(valkey))
            assert site.migrate.wait(MIGRATED_WITHIN_S) == 0
            for server in (site.one, site.two, site.front):
                server.expect_ready("/")
            yield f"http://127.0.0.1:{site.front.port}/"
        finally:
            stack.stop()


async def enter(page: Page, url: str, name: str, room: str) -> None:
    """Sign in at the page's door, and wait until its socket is open."""
    await page.go(url)
    fields = f"door.elements.name.value = {json.dumps(name)}; door.elements.room.value = {json.dumps(room)}"
    await page.run(f"{fields}; door.requestSubmit()")
    assert await page.wait_for("document.querySelector('#state').className === 'open'")


async def say(page: Page, text: str) -> None:
    """Type it and send it."""
    await page.run(f"say.elements.text.value = {json.dumps(text)}; say.requestSubmit()")


async def texts(page: Page, count: int) -> list[str]:
    """What the page shows, once it is so many acknowledged messages; what there is at the deadline."""
    messages = "[...document.querySelectorAll('.message:not(.waiting)')]"
    await page.wait_for(f"{messages}.length === {count} && !document.querySelector('.waiting')")
    shown: list[str] = await page.run(f"{messages}.map((each) => each.lastChild.data)")
    return shown


async def draw(address: str, url: str) -> bytes:
    """Two people have talked: the page of one of them."""
    async with connected(address) as connection:
        ada, bo = await open_page(connection), await open_page(connection)
        room = "Tea & Cake"
        await enter(ada, url, "Ada", room)
        await enter(bo, url, "Bo", room)
        said = [
            (bo, "Are you through the tunnel?"),
            (ada, "Just now. What did I miss?"),
            (bo, "Only a question: tea, or cake?"),
            (ada, "Both. In that order, and each of them once."),
            (bo, "<b>And nothing is bold</b> \U0001f60a"),
        ]
        for number, (page, text) in enumerate(said, 1):
            await say(page, text)
            for each in (ada, bo):
                assert len(await texts(each, number)) == number
        return await ada.picture(WIDTH, HEIGHT)


def main() -> None:
    """Write the lesson's picture."""
    program = chromium()
    assert program, "no Chromium on PATH"
    with tempfile.TemporaryDirectory() as folder, chat_site(Path(folder)) as url, browsing(program) as address:
        PICTURE.write_bytes(asyncio.run(draw(address, url)))


if __name__ == "__main__":
    main()
