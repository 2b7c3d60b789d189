"""What the answers took: requests bought, tokens, and cost."""

import msgspec

from potstill.core.distributions import DECIMALS
from potstill.core.prices import KnownPrice, cost_usd
from potstill.core.records import Response, Usage


class UsageCounter:
    """Counts the answers bought, each one once: a failed row has none, and rows with the same key share theirs.

    `models` holds the names that responses were served under.
    """

    def __init__(self, price: KnownPrice | None) -> None:
        """Start with none, at a price; None: not known."""
        self.models: set[str] = set()
        self._price = price
        self._keys: set[bytes] = set()
        self._prompt_tokens = self._completion_tokens = self._reasoning_tokens = 0
        self._unmetered = False

    def add(self, response: Response) -> None:
        """Count a response, unless it failed or one with its key was counted."""
        if response.model:
            self.models.add(response.model)
        key = response.key.encode()[:32]  # half a sha256 tells a million keys apart, and a set of them is half as large
        if response.status == "failed" or key in self._keys:
            return
        self._keys.add(key)
        if response.usage:
            self._prompt_tokens += response.usage.prompt_tokens
            self._completion_tokens += response.usage.completion_tokens
            self._reasoning_tokens += response.usage.reasoning_tokens or 0
        self._unmetered |= response.usage is None and response.status in ("answered", "truncated")

    def count(self) -> dict[str, int | float | None]:
        """Return requests, tokens and cost in US dollars: None where a price or a token count is unknown.

        Where there were tokens of reasoning, they are counted as such, too.
        """
        used = Usage(self._prompt_tokens, self._completion_tokens, self._reasoning_tokens or None)
        cost = None
        if self._price is not None:
            free = not (self._price.input or self._price.output)
            cost = round(cost_usd(self._price, used), DECIMALS) if free or not self._unmetered else None
        return {"requests": len(self._keys), **msgspec.to_builtins(used), "cost_usd": cost}
