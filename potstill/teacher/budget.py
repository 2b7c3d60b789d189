"""What a run may spend, and has spent."""

import asyncio

from potstill.core.catalogues import Teacher
from potstill.core.errors import FatalError, InputError
from potstill.core.prices import cost_usd, known_price
from potstill.core.records import Message, Usage

MESSAGE_TOKENS = 8


class Budget:
    """Lets a call start only while even the dearest outcome of all calls in flight stays within the budget.

    A call is set aside at the price of its prompt, with a token for each character, and an answer of max_tokens; when
    it ends, at what it really took. One that brought no answer is taken to be free, though a server may bill it. Where
    that leaves no room, a call waits for others to end; with none in flight, `reserve` raises FatalError.
    """

    def __init__(self, teacher_name: str, teacher: Teacher, budget_usd: float | None) -> None:
        """Begin with nothing spent; raise InputError if there is a budget and the teacher's price is not known."""
        self.spent_usd = 0.0
        self._price = known_price(teacher.price_per_million)
        self._max_tokens = teacher.max_tokens
        self._budget_usd = budget_usd
        self._set_aside: dict[int, float] = {}
        self._freed = asyncio.Event()
        if budget_usd is not None and self._price is None:
            raise InputError(
                f"params.yaml: teachers.{teacher_name}.price_per_million: expected input and output, since without "
                "them runtime.budget_usd cannot be kept; add them, or set the budget to null"
            )

    @property
    def known_cost_usd(self) -> float | None:
        """Return what was spent, None where the price is not known."""
        return None if self._price is None else self.spent_usd

    async def reserve(self, call: int, messages: list[Message]) -> None:
        """Wait until there is room for what a call may cost at most, and set it aside."""
        if self._budget_usd is None or self._price is None:
            return
        tokens = sum(len(message.content) + MESSAGE_TOKENS for message in messages)
        dearest = cost_usd(self._price, Usage(prompt_tokens=tokens, completion_tokens=self._max_tokens))
        while self.spent_usd + sum(self._set_aside.values()) + dearest > self._budget_usd:
            if not self._set_aside:
                raise FatalError(
                    f"runtime.budget_usd: {self.spent_usd:.4f} of {self._budget_usd:g} US dollars are spent, and the "
                    f"next call may cost up to {dearest:.4f}; raise the budget to go on"
                )
            self._freed.clear()
            await self._freed.wait()
        self._set_aside[call] = dearest

    def try_reserve(self, call: int, messages: list[Message]) -> bool:
        """Set aside what a call may cost at most, and return whether there was room for it."""
        if self._budget_usd is None or self._price is None:
            return True
        tokens = sum(len(message.content) + MESSAGE_TOKENS for message in messages)
        dearest = cost_usd(self._price, Usage(prompt_tokens=tokens, completion_tokens=self._max_tokens))
        if self.spent_usd + sum(self._set_aside.values()) + dearest > self._budget_usd:
            return False
        self._set_aside[call] = dearest
        return True

    def settle(self, call: int, usage: Usage | None) -> None:
        """Replace what was set aside by what was used; an answer without a count is taken at its dearest."""
        dearest = self._set_aside.pop(call, 0.0)
        if self._price is not None:
            self.spent_usd += cost_usd(self._price, usage) if usage else dearest
        self._freed.set()

    def release(self, call: int) -> None:
        """Give back what was set aside for a call that cost nothing."""
        self._set_aside.pop(call, None)
        self._freed.set()
