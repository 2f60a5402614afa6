"""One order: its calls as tasks behind a semaphore, under one deadline, with a beat when nothing happens."""

import asyncio

from desk import report
from desk.order import Order
from desk.parsing import parse
from desk.upstream import UpstreamError, fetch

TRIES = 2


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

    loop = asyncio.get_running_loop()
    end = loop.time() + order.deadline_s
    pending = {asyncio.create_task(tell(symbol)) for symbol in order.symbols}
    try:
        while pending and (left_s := end - loop.time()) > 0:
            pause_s = min(order.heartbeat_s, left_s)
            done, pending = await asyncio.wait(pending, timeout=pause_s, return_when=asyncio.FIRST_COMPLETED)
            if not done:
                report.beat()
    finally:
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
    for symbol in list(waiting):
        _fail(symbol, "deadline")
    return failed


async def _price(symbol: str, slots: asyncio.Semaphore, timeout_s: float) -> str:
    """The price of one symbol, after two calls at most. Raises what the last call raised."""
    async with slots:  # for both calls: who gives a slot back has to queue for the next one
        for attempt in range(1, TRIES + 1):
            try:
                async with asyncio.timeout(timeout_s):  # the clock starts when the slot is there
                    raw = await fetch(symbol)
                break
            except (UpstreamError, OSError):
                if attempt == TRIES:
                    raise
    return await asyncio.to_thread(parse, symbol, raw)
