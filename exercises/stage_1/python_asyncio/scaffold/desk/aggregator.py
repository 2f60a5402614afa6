"""Your work: run one order. It gives the right prices, one wait after another, as long as nothing goes wrong."""

from desk import report
from desk.order import Order
from desk.parsing import parse
from desk.upstream import fetch


async def run(order: Order) -> list[str]:
    """Tell the price of each symbol of the order; returns the symbols that have none."""
    for symbol in order.symbols:  # nobody looks at limit, timeout_s, deadline_s and heartbeat_s yet
        raw = await fetch(symbol)
        report.quote(symbol, parse(symbol, raw))
    return []
