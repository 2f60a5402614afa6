"""How prices are shown."""

from desk import pricing


def shown(prices: dict[str, str | None]) -> dict[str, str | None]:
    """The prices as the desk quotes them."""
    return pricing.rounded(prices)
