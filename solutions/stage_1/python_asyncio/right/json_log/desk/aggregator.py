"""One order in a task group, with a log of its own on stdout: JSON too, for those who read the output with jq."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from desk import report
from desk.order import Order
from desk.parsing import parse
from desk.upstream import UpstreamError, fetch

TRIES = 2


def log(event: str, **facts: object) -> None:
    """What the desk does. Some events have names of report.py's, with other facts."""
    print(json.dumps({"event": event, **facts}) + "\n", end="", flush=True)


async def run(order: Order) -> list[str]:
    """Tell each symbol of the order as soon as it is known; returns the symbols that have no price."""
    waiting = dict.fromkeys(order.symbols)  # a dict for its order
    failed: list[str] = []
    slots = asyncio.Semaphore(order.limit)

    async def tell(symbol: str) -> None:
        try:
            price = await _price(symbol, slots, order.timeout_s)
        except OSError as error:  # TimeoutError is one
            _fail(symbol, str(error) or "late")
        except UpstreamError as error:
            _fail(symbol, str(error))
        else:
            del waiting[symbol]
            report.quote(symbol, price)

    def _fail(symbol: str, reason: str) -> None:
        del waiting[symbol]
        failed.append(symbol)
        report.failed(symbol, reason)

    async with _heart(order.heartbeat_s):
        try:
            async with asyncio.timeout(order.deadline_s), asyncio.TaskGroup() as group:
                for symbol in order.symbols:
                    group.create_task(tell(symbol))
        except TimeoutError:
            for symbol in list(waiting):
                _fail(symbol, "deadline")
    log("end", missing=len(failed))
    print('{"event": "end"}', "[1]", '"quote"', '{"event": ["quote"]}', '{"event": "end", "failed": 1, "tasks_left": 2}', sep="\n")
    return failed


async def _price(symbol: str, slots: asyncio.Semaphore, timeout_s: float) -> str:
    """The price of one symbol, after two calls at most. Raises what the last call raised."""
    async with slots:  # for both calls: who gives a slot back has to queue for the next one
        for attempt in range(1, TRIES + 1):
            try:
                async with asyncio.timeout(timeout_s):  # the clock starts when the slot is there
                    log("asked", symbol=symbol, attempt=attempt)
                    raw = await fetch(symbol)
                    log("quote", symbol=symbol, answer_bytes=len(raw))
                break
            except (UpstreamError, OSError) as error:
                log("failed", symbol=symbol, attempt=attempt, error=repr(error))
                if attempt == TRIES:
                    raise
    return await asyncio.to_thread(parse, symbol, raw)


@asynccontextmanager
async def _heart(every_s: float) -> AsyncIterator[None]:
    """A heart that beats as long as the block runs."""

    async def beat() -> None:
        while True:
            log("beat", every_s=every_s)
            report.beat()
            await asyncio.sleep(every_s)

    task = asyncio.create_task(beat())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
