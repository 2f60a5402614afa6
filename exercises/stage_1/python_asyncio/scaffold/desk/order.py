"""Given: what the desk is asked to do. Nothing to change here."""

import argparse
from dataclasses import dataclass


@dataclass(frozen=True)
class Order:
    """The symbols to price, and the limits to keep."""

    symbols: tuple[str, ...]  # each of them once
    limit: int  # calls open at the same time, at most
    timeout_s: float  # for one call to the upstream
    deadline_s: float  # for the whole order, from the start of run()
    heartbeat_s: float  # between two beats


def from_arguments() -> Order:
    """The order on the command line: `python -m desk --limit 3 ACME BOLT CRUX`."""
    parser = argparse.ArgumentParser(prog="python -m desk", description="Tells the prices of some symbols.")
    parser.add_argument("symbols", nargs="+", metavar="SYMBOL")
    parser.add_argument("--limit", type=int, default=3, help="calls open at the same time (3)")
    parser.add_argument("--timeout", type=float, default=2.0, help="seconds for one call (2)")
    parser.add_argument("--deadline", type=float, default=30.0, help="seconds for the whole order (30)")
    parser.add_argument("--heartbeat", type=float, default=1.0, help="seconds between two beats (1)")
    given = parser.parse_args()
    if len(set(given.symbols)) < len(given.symbols):
        parser.error("each symbol once, please")
    return Order(tuple(given.symbols), given.limit, given.timeout, given.deadline, given.heartbeat)
