"""What a run may spend, and has spent."""

import asyncio

from potstill.core.environment import read_budget_share
from potstill.core.errors import FatalError, InputError
from potstill.core.params import Params
from potstill.core.prices import cost_usd, find_price
from potstill.core.records import Message, Usage
from potstill.core.tokens import count_most_tokens
from potstill.core.wording import format_usd


class Budget:
    """Lets a call start only while even the dearest outcome of all calls in flight stays within the budget.

    A call is set aside at the price of its prompt, with a token for each character, and an answer of max_tokens; when
    it ends, at what it really took. One that brought no answer is taken to be free, though a server may bill it. Where
    that leaves no room, a call waits for others to end; with none in flight, `reserve` raises FatalError.
    """

    def __init__(
        self, params: Params, *, batch: bool = False, spent_usd: float = 0.0, committed: Usage | None = None
    ) -> None:
        """Begin with what the run has spent, at the price of batches or of direct calls.

        `committed` is what batches on their way take at most, for which no room is made any more.

        Raise InputError if there is a budget and the teacher's price is not known.
        """
        share = read_budget_share()
        self.spent_usd = spent_usd
        self._price, self._batch = find_price(params), batch
        self._max_tokens = params.teachers[params.teacher].max_tokens
        self._budget_usd = params.runtime.budget_usd if share is None else share
        if committed and self._price and self._budget_usd is not None:
            self._budget_usd -= cost_usd(self._price, committed, batch=True)
        self._set_aside: dict[int, float] = {}
        self._set_aside_usd = 0.0  # their sum, since there may be tens of thousands
        self._freed = asyncio.Event()
        if self._budget_usd is not None and self._price is None:
            raise InputError(
                f"params.yaml: price_per_million.{params.teacher}: expected input and output, since without them "
                "runtime.budget_usd cannot be kept; add them, or set the budget to null"
            )

    @property
    def known_cost_usd(self) -> float | None:
        """Return what was spent, None where the price is not known."""
        return None if self._price is None else self.spent_usd

    async def reserve(self, call: int, messages: list[Message]) -> None:
        """Wait until there is room for what a call may cost at most, and set it aside."""
        while not self.try_reserve(call, messages):
            if not self._set_aside:
                raise FatalError(
                    f"runtime.budget_usd: {format_usd(self.spent_usd)} of {self._budget_usd:g} US dollars are spent, "
                    f"and the next call may cost up to {format_usd(self._price_dearest(messages))}; raise the budget "
                    "to go on"
                )
            self._freed.clear()
            await self._freed.wait()

    def try_reserve(self, call: int, messages: list[Message]) -> bool:
        """Set aside what a call may cost at most; return False if there is no room for it now."""
        if self._budget_usd is None:
            return True
        dearest = self._price_dearest(messages)
        if self.spent_usd + self._set_aside_usd + dearest > self._budget_usd:
            return False
        self._set_aside[call] = dearest
        self._set_aside_usd += dearest
        return True

    def set_aside(self, call: int, usage: Usage) -> None:
        """Set aside what so many tokens cost, whether there is room for it or not."""
        self._set_aside[call] = usd = self._price_usage(usage)
        self._set_aside_usd += usd

    def _price_dearest(self, messages: list[Message]) -> float:
        """Return what a call costs at most."""
        return self._price_usage(Usage(prompt_tokens=count_most_tokens(messages), completion_tokens=self._max_tokens))

    def _price_usage(self, usage: Usage) -> float:
        """Return what tokens cost; nothing where the price is not known."""
        return 0.0 if self._price is None else cost_usd(self._price, usage, batch=self._batch)

    def settle(self, call: int, usage: Usage | None) -> None:
        """Replace what was set aside by what was used; an answer without a count is taken at its dearest."""
        dearest = self._free(call)
        self.spent_usd += self._price_usage(usage) if usage else dearest

    def release(self, call: int) -> None:
        """Give back what was set aside for a call that cost nothing."""
        self._free(call)

    def _free(self, call: int) -> float:
        """Return what was set aside for a call, which no longer is."""
        dearest = self._set_aside.pop(call, 0.0)
        self._set_aside_usd = self._set_aside_usd - dearest if self._set_aside else 0.0  # no rounding error stays
        self._freed.set()
        return dearest
