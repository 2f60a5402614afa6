"""One order: a set of open calls, filled up to the limit after each answer. One task decides everything."""

import asyncio
import threading

from desk import report
from desk.order import Order
from desk.parsing import parse
from desk.upstream import UpstreamError, fetch


async def run(order: Order) -> list[str]:
    """The whole order in one loop over `asyncio.wait`."""
    loop = asyncio.get_running_loop()
    end = loop.time() + order.deadline_s
    todo = [(symbol, 1) for symbol in reversed(order.symbols)]  # (symbol, which try)
    calls: dict[asyncio.Task[bytes], tuple[str, int]] = {}
    parses: dict[asyncio.Future[str], str] = {}
    unknown = dict.fromkeys(order.symbols)
    failed = []
    heart = asyncio.create_task(_beat(order.heartbeat_s))
    try:
        while unknown and loop.time() < end:
            while todo and len(calls) < order.limit:
                symbol, attempt = todo.pop()
                calls[asyncio.create_task(_late(fetch(symbol), order.timeout_s))] = symbol, attempt
            done, _ = await asyncio.wait(
                [*calls, *parses], timeout=end - loop.time(), return_when=asyncio.FIRST_COMPLETED
            )
            for one in done:
                if one in parses:
                    symbol = parses.pop(one)
                    del unknown[symbol]
                    report.quote(symbol, one.result())
                    continue
                symbol, attempt = calls.pop(one)
                error = one.exception()
                if error is None:
                    parses[_in_a_thread(symbol, one.result())] = symbol
                elif not isinstance(error, (UpstreamError, OSError)):
                    raise error
                elif attempt == 1:
                    todo.append((symbol, 2))
                else:
                    del unknown[symbol]
                    failed.append(symbol)
                    report.failed(symbol, str(error) or "late")
        for symbol in unknown:
            failed.append(symbol)
            report.failed(symbol, "deadline")
    finally:
        left = [heart, *calls]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
    return failed


async def _late(call, timeout_s):
    async with asyncio.timeout(timeout_s):
        return await call


def _in_a_thread(symbol: str, raw: bytes) -> "asyncio.Future[str]":
    """A thread of its own for each parse: a daemon, so that not even a stuck parser keeps the process from ending."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[str] = loop.create_future()

    def tell(price: str) -> None:
        if not future.done():
            future.set_result(price)

    def work() -> None:
        loop.call_soon_threadsafe(tell, parse(symbol, raw))

    threading.Thread(target=work, daemon=True).start()
    return future


async def _beat(every_s: float) -> None:
    while True:
        report.beat()
        await asyncio.sleep(every_s)
