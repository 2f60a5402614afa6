"""One order: as many workers as there may be calls, on one queue of symbols. No semaphore is needed."""

import asyncio
from concurrent.futures import ProcessPoolExecutor

from desk import report
from desk.order import Order
from desk.parsing import parse
from desk.upstream import UpstreamError, fetch


class Desk:
    """One order under way."""

    def __init__(self, order: Order, parsers: ProcessPoolExecutor) -> None:
        self.order = order
        self.parsers = parsers
        self.failed: list[str] = []
        self.open = set(order.symbols)
        self.reading: set[asyncio.Task[None]] = set()
        self.queue: asyncio.Queue[str] = asyncio.Queue()
        for symbol in order.symbols:
            self.queue.put_nowait(symbol)

    async def work(self) -> None:
        """One worker: a symbol after the other, until the queue is empty. It waits for upstreams, not for the parser."""
        while not self.queue.empty():
            symbol = self.queue.get_nowait()
            raw = await self.ask(symbol)
            if raw is None:
                self.fail(symbol, "no answer, twice")
            else:
                self.reading.add(asyncio.create_task(self.read(symbol, raw)))

    async def read(self, symbol: str, raw: bytes) -> None:
        """An answer, parsed by another process, is told."""
        price = await asyncio.get_running_loop().run_in_executor(self.parsers, parse, symbol, raw)
        self.open.discard(symbol)
        report.quote(symbol, price)

    async def work_off(self) -> None:
        """All workers, then what they have left to read."""
        await asyncio.gather(*(self.work() for _ in range(self.order.limit)))
        await asyncio.gather(*self.reading)

    async def ask(self, symbol: str) -> bytes | None:
        """The raw answer, from two calls at most."""
        for _ in range(2):
            try:
                return await asyncio.wait_for(fetch(symbol), self.order.timeout_s)
            except (UpstreamError, OSError, asyncio.TimeoutError):
                continue
        return None

    def fail(self, symbol: str, reason: str) -> None:
        """This symbol gets no price."""
        self.open.discard(symbol)
        self.failed.append(symbol)
        report.failed(symbol, reason)

    async def beat(self) -> None:
        """For ever; somebody has to cancel it."""
        while True:
            await asyncio.sleep(self.order.heartbeat_s)
            report.beat()


async def run(order: Order) -> list[str]:
    """Run the order with a pool of processes for the parser."""
    parsers = ProcessPoolExecutor(max_workers=4)  # by itself it has one for each core, which may be one
    desk = Desk(order, parsers)
    heart = asyncio.ensure_future(desk.beat())
    try:
        await asyncio.wait_for(desk.work_off(), order.deadline_s)
    except asyncio.TimeoutError:
        for symbol in sorted(desk.open):
            desk.fail(symbol, "deadline")
    finally:
        rest = [heart, *desk.reading]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        parsers.shutdown(wait=False, cancel_futures=True)  # a `with` would wait for the parser, deadline or not
    return desk.failed
