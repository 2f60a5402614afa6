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
    tasks = {symbol: asyncio.create_task(price(symbol, slots, order.timeout_s)) for symbol in order.symbols}
    failed = []
    try:
        async with asyncio.timeout(order.deadline_s):
            for symbol, task in tasks.items():
                try:
                    report.quote(symbol, await task)
                except (UpstreamError, OSError) as error:
                    failed.append(symbol)
                    report.failed(symbol, str(error))
    except TimeoutError:
        for symbol, task in tasks.items():
            if not task.done():
                failed.append(symbol)
                report.failed(symbol, "deadline")
    finally:
        for task in [heart, *tasks.values()]:
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
