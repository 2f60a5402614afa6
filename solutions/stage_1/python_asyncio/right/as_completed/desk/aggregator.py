"""One order: all tasks at once, told as they are completed."""

import asyncio
import contextlib

from desk import report
from desk.order import Order
from desk.parsing import parse
from desk.upstream import UpstreamError, fetch


async def price_of(symbol, order, turn):
    """(symbol, price, None) or (symbol, None, what went wrong)"""
    raw, trouble = None, None
    await turn.acquire()
    try:
        for _ in ("first try", "second try"):
            try:
                raw = await asyncio.wait_for(fetch(symbol), order.timeout_s)
                break
            except Exception as error:
                trouble = error
    finally:
        turn.release()
    if raw is None:
        return symbol, None, trouble
    return symbol, await asyncio.get_running_loop().run_in_executor(None, parse, symbol, raw), None


async def heart(every_s):
    while not await asyncio.sleep(every_s, False):
        report.beat()


async def run(order: Order) -> list[str]:
    turn = asyncio.BoundedSemaphore(order.limit)
    tasks = [asyncio.create_task(price_of(symbol, order, turn)) for symbol in order.symbols]
    beating = asyncio.create_task(heart(order.heartbeat_s))
    missing = set(order.symbols)
    failed = []
    try:
        for completed in asyncio.as_completed(tasks, timeout=order.deadline_s):
            symbol, price, trouble = await completed
            missing.remove(symbol)
            if trouble:
                failed.append(symbol)
                report.failed(symbol, repr(trouble))
            else:
                report.quote(symbol, price)
    except TimeoutError:
        for symbol in missing:
            report.failed(symbol, "not in time")
        failed += missing
    finally:
        for task in (*tasks, beating):
            task.cancel()
        for task in (*tasks, beating):
            with contextlib.suppress(asyncio.CancelledError):
                await task
    return failed
