import asyncio

import pytest

from potstill.core.catalogues import Price, Teacher
from potstill.core.errors import FatalError, InputError
from potstill.core.params import Params
from potstill.core.params_file import load_params
from potstill.core.records import Message, Usage
from potstill.teacher.budget import Budget
from tests.project import ROOT

PRICED = Price(input=0, output=10_000, batch=0.5)
ASKED = [Message(role="user", content="Why?")]  # at most 100 tokens at 0.01 dollars: 1 dollar


def params_of(budget_usd: float | None, price: Price | None = PRICED) -> Params:
    params = load_params(ROOT / "tests/params.yaml")
    edits = {
        "teacher": "gpt",
        "teachers": {"gpt": Teacher(provider="azure", model="m", max_tokens=100)},
        "price_per_million": {"gpt": price} if price else {},
        "runtime": params.runtime.model_copy(update={"budget_usd": budget_usd}),
    }
    return params.model_copy(update=edits)


def used(tokens: int) -> Usage:
    return Usage(prompt_tokens=5, completion_tokens=tokens)


def test_a_budget_needs_a_price() -> None:
    with pytest.raises(InputError, match=r"price_per_million.gpt: expected input and output"):
        Budget(params_of(1.0, None))
    assert Budget(params_of(None, None)).known_cost_usd is None


def test_an_answer_costs_what_it_used_and_one_without_a_count_the_most_it_may() -> None:
    async def spend() -> float | None:
        budget = Budget(params_of(5))
        for call, usage in enumerate((used(3), used(20), None)):
            await budget.reserve(call, ASKED)
            budget.settle(call, usage)
        return budget.known_cost_usd

    assert asyncio.run(spend()) == pytest.approx(0.03 + 0.2 + 1)


def test_a_call_that_would_cross_the_budget_is_not_made() -> None:
    async def spend() -> int:
        budget, calls = Budget(params_of(2.5)), 0
        with pytest.raises(FatalError, match=r"runtime.budget_usd: 1.60 of 2.5 US dollars are spent, .* up to 1.00"):
            for call in range(100):
                await budget.reserve(call, ASKED)
                calls += 1
                budget.settle(call, used(80))
        return calls

    assert asyncio.run(spend()) == 2


def test_what_a_run_has_spent_another_way_counts() -> None:
    assert Budget(params_of(1.5), spent_usd=0.4).try_reserve(0, ASKED)
    assert not Budget(params_of(1.5), spent_usd=0.6).try_reserve(0, ASKED)


def test_a_call_waits_for_what_others_may_give_back() -> None:
    async def spend() -> list[str]:
        budget, events = Budget(params_of(1.5)), []

        async def call(number: int, tokens: int) -> None:
            await budget.reserve(number, ASKED)
            events.append(f"start {number}")
            await asyncio.sleep(0.05)
            events.append(f"end {number}")
            budget.settle(number, used(tokens))

        await asyncio.gather(call(0, 10), call(1, 10))
        return events

    assert asyncio.run(spend()) == ["start 0", "end 0", "start 1", "end 1"]


def test_a_call_that_failed_gives_back_what_was_set_aside() -> None:
    async def spend() -> float:
        budget = Budget(params_of(1.0))
        for call in range(3):
            await budget.reserve(call, ASKED)
            budget.release(call)
        return budget.spent_usd

    assert asyncio.run(spend()) == 0


def test_what_finds_no_room_is_not_set_aside_and_a_batch_has_room_for_twice_as_much() -> None:
    def count_room(*, batch: bool) -> int:
        budget = Budget(params_of(3.5), batch=batch)
        taken = sum(budget.try_reserve(call, ASKED) for call in range(10))
        budget.settle(0, used(0))
        assert budget.try_reserve(10, ASKED)
        assert not budget.try_reserve(11, ASKED)
        return taken

    assert (count_room(batch=False), count_room(batch=True)) == (3, 7)
