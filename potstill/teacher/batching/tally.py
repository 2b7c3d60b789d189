"""What became of the requests that a run asks in batches: answers, attempts, failures, and the money set aside."""

from collections import Counter
from collections.abc import Collection, Iterable
from itertools import count

from potstill.core.errors import CallError, FatalError, RejectedError, TransientError
from potstill.core.params import Params
from potstill.core.records import Chat, Usage
from potstill.teacher.batching.collecting import Collected
from potstill.teacher.budget import Budget
from potstill.teacher.plan import Plan
from potstill.teacher.progress import Progress
from potstill.teacher.store.batches import JournalledBatch


class BatchTally:
    """Counts what batches bring to a plan's requests, whoever collects them, and keeps the budget by it."""

    def __init__(self, params: Params, plan: Plan, budget: Budget, progress: Progress) -> None:
        """Begin with nothing on its way."""
        self._runtime = params.runtime
        self._plan = plan
        self._budget = budget
        self._progress = progress
        self._attempts: Counter[str] = Counter()  # of requests that batches left without an answer
        self._numbers = count()
        self._reserved: dict[str, int] = {}  # by key
        self._of_earlier_runs: dict[str, int] = {}  # by the name of a batch

    @property
    def has_reserved(self) -> bool:
        """Return whether money is set aside for what is on its way."""
        return bool(self._reserved or self._of_earlier_runs)

    def reserve(self, key: str, chat: Chat) -> bool:
        """Set aside what a request may cost at most, and return whether there was room for it in the budget."""
        if key in self._reserved:
            return True
        number = next(self._numbers)
        if not self._budget.try_reserve(number, chat.messages):
            return False
        self._reserved[key] = number
        return True

    async def refuse(self, chat: Chat) -> None:
        """Raise FatalError that the budget has no room for a request; call it while nothing is set aside."""
        await self._budget.reserve(next(self._numbers), chat.messages)

    def reserve_batches(self, batches: Iterable[JournalledBatch]) -> None:
        """Set aside what batches that earlier runs submitted may cost, whether there is room for it or not."""
        for batch in batches:
            self._of_earlier_runs[batch.name] = number = next(self._numbers)
            self._budget.set_aside(number, batch.most_usage)

    def release_batches(self, still_open: Collection[str]) -> None:
        """Give back what is set aside for those of them that are not open any more, whoever has collected them."""
        for name in self._of_earlier_runs.keys() - still_open:
            self._budget.release(self._of_earlier_runs.pop(name))

    def count(self, collected: Collected, ended_as: str, *, is_attempt: bool) -> None:
        """Count what a batch brought that has ended; a request without an answer fails, or is left to be asked again.

        What has come is looked up in the journal, as another run may have collected it, and as an answer that was asked
        with another token limit may not serve.
        """
        keys = [key for key in collected.keys if self._plan.is_open(key)]
        usages = self._plan.find_usages(keys)
        for key in keys:
            if key in usages:
                self._settle(key, usages[key], answered=True)
                self._progress.add_answer(usages[key], self._budget.known_cost_usd)
            elif key in collected.answers:
                self._settle(key, collected.answers[key], answered=True)
            else:
                self._settle(key, None)
                error = collected.errors.get(key) or TransientError(f"the batch {ended_as} without an answer to it")
                self._note_error(key, error, is_attempt=is_attempt)
        for key in collected.keys:  # such as one that a ledger had the answer to meanwhile
            self._settle(key, None)
        self._plan.count_open()  # which drops what has an answer now

    def left_over(self) -> set[str]:
        """Return the keys of the requests that are to be asked directly, since a batch left them without an answer."""
        if self._runtime.batch_fallback != "now":
            return set()
        return {key for key, attempts in self._attempts.items() if attempts and self._plan.is_open(key)}

    def _settle(self, key: str, usage: Usage | None, *, answered: bool = False) -> None:
        """Replace what was set aside by what an answer took, or give it back where there is none."""
        number = self._reserved.pop(key, None)
        if answered:
            self._budget.settle(next(self._numbers) if number is None else number, usage)
        elif number is not None:
            self._budget.release(number)

    def _note_error(self, key: str, error: CallError, *, is_attempt: bool) -> None:
        """Note why a request has no answer; it fails if it was refused, or was left so too often."""
        self._attempts[key] += is_attempt and not isinstance(error, FatalError)
        if isinstance(error, RejectedError) or self._attempts[key] >= self._runtime.max_attempts:
            self._plan.note_failure(key, str(error))
            self._progress.add_failure(self._budget.known_cost_usd)
