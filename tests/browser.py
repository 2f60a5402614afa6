"""A real browser for our tests: Chromium without a window, driven over its DevTools protocol."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
from websockets.asyncio.client import ClientConnection, connect

from checker.harness.waiting import wait_until

NAMES = ("chromium", "chromium-browser", "google-chrome")
STARTS_WITHIN_S = 120.0
LOOK_EVERY_S = 0.05
LOOKS = 1200
MOST_BYTES = 64 * 1024 * 1024


def chromium() -> str | None:
    """The browser's program, where there is one."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def browsing(program: str) -> Iterator[str]:
    """A running browser: the address of its protocol. Its processes and its profile are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="learn-browser-", ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [
                program,
                "--headless=new",
                "--remote-debugging-port=0",
                f"--user-data-dir={profile}",
                "--no-first-run",
                "--disable-gpu",
                "--disable-dev-shm-usage",  # containers give 64 MB
                *(["--no-sandbox"] if os.geteuid() == 0 else []),
                "about:blank",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield _address(Path(profile, "DevToolsActivePort"), process)
        finally:
            family = [process.pid, *(child.pid for child in _children(process.pid))]
            for pid in family:
                with suppress(psutil.NoSuchProcess):
                    psutil.Process(pid).kill()
            process.wait(10)


class CommandRefused(Exception):
    """The browser did not do it: a page that is on its way to another address runs no script."""


class Page:
    """A page with cookies of its own, as another person's browser has them. Made by `open_page`."""

    _numbers = itertools.count(1)

    def __init__(self, connection: ClientConnection, session: str) -> None:
        self._connection = connection
        self._session = session

    async def run(self, script: str) -> Any:
        """The value of this JavaScript, awaited where it is a promise."""
        options = {"expression": script, "awaitPromise": True, "returnByValue": True}
        answer = await _command(self._connection, "Runtime.evaluate", options, self._session)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    async def wait_for(self, script: str) -> Any:
        """The first true value of this JavaScript; its last one at the deadline."""
        value = None
        for _ in range(LOOKS):
            with suppress(CommandRefused):
                if value := await self.run(script):
                    break
            await asyncio.sleep(LOOK_EVERY_S)
        return value

    async def go(self, url: str) -> None:
        """Load this address, and wait until all of it is there."""
        await _command(self._connection, "Page.navigate", {"url": url}, self._session)
        await self.wait_for(f"location.href === {json.dumps(url)} && document.readyState === 'complete'")

    async def picture(self, width: int, height: int) -> bytes:
        """The page as PNG."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        await _command(self._connection, "Emulation.setDeviceMetricsOverride", size, self._session)
        answer = await _command(self._connection, "Page.captureScreenshot", {"format": "png"}, self._session)
        return base64.b64decode(answer["data"])


async def open_page(connection: ClientConnection) -> Page:
    """A new person's page."""
    context = await _command(connection, "Target.createBrowserContext", {})
    where = {"url": "about:blank", "browserContextId": context["browserContextId"]}
    target = await _command(connection, "Target.createTarget", where)
    options = {"targetId": target["targetId"], "flatten": True}
    session = await _command(connection, "Target.attachToTarget", options)
    return Page(connection, session["sessionId"])


def connected(address: str) -> connect:
    """A connection of the protocol, for `async with`."""
    return connect(address, max_size=MOST_BYTES, compression=None, proxy=None)


async def _command(connection: ClientConnection, method: str, options: dict[str, Any], session: str = "") -> Any:
    number = next(Page._numbers)
    frame = {"id": number, "method": method, "params": options, **({"sessionId": session} if session else {})}
    await connection.send(json.dumps(frame))
    while (answer := json.loads(await connection.recv())).get("id") != number:
        pass  # events, which nobody here asks for
    if "error" in answer:
        raise CommandRefused(method, answer["error"])
    return answer["result"]


def _address(told_in: Path, process: subprocess.Popen[bytes]) -> str:
    def told() -> list[str]:
        with suppress(OSError):
            return told_in.read_text(encoding="utf-8").split()
        return []

    wait_until(lambda: len(told()) == 2 or process.poll() is not None, STARTS_WITHIN_S)
    if len(told()) != 2:
        raise TimeoutError(f"{process.args!r} has opened no port")
    port, path = told()
    return f"ws://127.0.0.1:{port}{path}"


def _children(pid: int) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).children(recursive=True)
    return []
