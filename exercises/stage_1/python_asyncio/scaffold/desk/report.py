"""Given: what the desk tells, one JSON object a line, on stdout. A Django view will stream the same later."""

import json


def quote(symbol: str, price: str) -> None:
    """This symbol has this price."""
    _tell("quote", symbol=symbol, price=price)


def failed(symbol: str, reason: str) -> None:
    """This symbol has no price, and will get none. The reason is for people to read."""
    _tell("failed", symbol=symbol, reason=reason)


def beat() -> None:
    """The desk is alive."""
    _tell("beat")


def end(failed_symbols: list[str], tasks_left: list[str]) -> None:
    """The order is done. __main__.py tells this, nobody else."""
    _tell("end", failed=failed_symbols, tasks_left=tasks_left)


def _tell(event: str, **facts: object) -> None:
    print(json.dumps({"event": event, **facts}) + "\n", end="", flush=True)  # in one piece, whoever else is telling
