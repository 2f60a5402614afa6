"""Given: the client of the register of addressees. All of it is awaited."""

import asyncio
from typing import Self

from depot import upstream


class Refused(Exception):
    """The register has said no; its reason is the message."""


class Register:
    """A line to the register, for many questions at once. It belongs to the event loop on which it was opened.

    `async with Register() as register:` opens it, and closes it in the end.
    """

    _loop: asyncio.AbstractEventLoop | None = None

    async def open(self) -> None:
        """Once, before anything else."""
        self._loop = asyncio.get_running_loop()
        await _call("open")

    async def close(self) -> None:
        """Once, in the end."""
        self._expect_own_loop()
        self._loop = None
        await _call("close")

    async def look_up(self, parcel: str) -> str:
        """Who gets the parcel. Raises Refused."""
        self._expect_own_loop()
        return await _call("look-up", parcel)

    async def sign(self, parcel: str) -> str:
        """The register's signature for the parcel. Raises Refused."""
        self._expect_own_loop()
        return await _call("sign", parcel)

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def _expect_own_loop(self) -> None:
        if self._loop is None:
            raise RuntimeError("this register is not open")
        if self._loop is not asyncio.get_running_loop():
            raise RuntimeError("this register was opened on another event loop")


async def _call(*words: str) -> str:
    try:
        return await upstream.acall(*words)
    except upstream.Refusal as refusal:
        raise Refused(str(refusal)) from None
