"""One order: its calls as tasks behind a semaphore, with a heart beside them."""

import asyncio

from desk import report
from desk.order import Order
from desk.parsing import parse
from desk.upstream import UpstreamError, fetch


async def run(order: Order) -> list[str]:
    """Tell each symbol of the order as soon as it is known; returns the symbols that have no price."""
    slots = asyncio.Semaphore(order.limit)
    heart = asyncio.create_task(beat(order.heartbeat_s))
    told: set[str] = set()
    failed: list[str] = []

    async def tell(symbol: str) -> None:
        try:
            found = await price(symbol, slots, order.timeout_s)
        except (UpstreamError, OSError) as error:
            failed.append(symbol)
            report.failed(symbol, str(error))
            raise
        else:
            report.quote(symbol, found)
        finally:
            told.add(symbol)

    tasks = {symbol: asyncio.create_task(tell(symbol)) for symbol in order.symbols}
    try:
        await asyncio.wait(tasks.values(), timeout=order.deadline_s)
        for symbol in order.symbols:
            if symbol not in told:
                failed.append(symbol)
                report.failed(symbol, "deadline")
    finally:
        for task in [heart, *tasks.values()]:
            if not task.done():
                task.cancel()
        await asyncio.wait([heart, *tasks.values()])
    return failed


async def price(symbol: str, slots: asyncio.Semaphore, timeout_s: float) -> str:
    """The price of one symbol, asked twice at most."""
    async with slots:
        try:
            raw = await asyncio.wait_for(fetch(symbol), timeout_s)
        except (UpstreamError, OSError):
            raw = await asyncio.wait_for(fetch(symbol), timeout_s)
    return await asyncio.to_thread(parse, symbol, raw)


async def beat(every_s: float) -> None:
    """Beats until it is cancelled."""
    while True:
        report.beat()
        await asyncio.sleep(every_s)
