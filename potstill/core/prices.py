"""How many tokens a text has, about, and what tokens cost. Pure."""

from potstill.core.catalogues import Price
from potstill.core.records import Usage

CHARACTERS_PER_TOKEN = 4


def known_price(price: Price | None) -> Price | None:
    """Return a price if both parts of it are known."""
    return price if price and price.input is not None and price.output is not None else None


def cost_usd(price: Price, usage: Usage) -> float:
    """Return what tokens cost in US dollars, at a known price."""
    return (usage.prompt_tokens * (price.input or 0) + usage.completion_tokens * (price.output or 0)) / 1e6
