"""What is reckoned of the answers that were bought, held against what the others then take."""

import random

import pytest

from potstill.core.prices import KnownPrice, cost_usd
from potstill.core.records import Usage
from potstill.teacher.counts import RequestCounts
from potstill.teacher.forecast import forecast

PRICE = KnownPrice(2.0, 8.0, 0.5, "here")
MOST = 400


def counts_of(rows: list[tuple[int, int, int]], bought: int) -> RequestCounts:
    """The counts of rows of characters and tokens of prompt and answer, of which the first so many were bought."""
    counts = RequestCounts(len(rows), len(rows))
    for characters, prompt, answer in rows[:bought]:
        counts.add_found(characters, prompt, answer, None)
    for characters, _, _ in rows[bought:]:
        counts.free_characters += characters
        counts.free_most_tokens += characters
    return counts


def draw_rows(chance: random.Random, size: int) -> list[tuple[int, int, int]]:
    rows = []
    for _ in range(size):
        characters = chance.randint(100, 400)
        prompt = round(characters / 4 + chance.gauss(0, 5))
        rows.append((characters, prompt, min(round(chance.lognormvariate(4, 0.4)), MOST)))
    return rows


@pytest.mark.parametrize(
    ("bought", "price"),
    [
        pytest.param(10, PRICE, id="few"),
        pytest.param(50, PRICE, id="more"),
        pytest.param(10, KnownPrice(2.0, 0.0, None, "here"), id="prompts alone"),
    ],
)
def test_nineteen_intervals_of_twenty_hold_what_the_others_cost(bought: int, price: KnownPrice) -> None:
    chance, held, runs = random.Random(1), 0, 500
    for _ in range(runs):
        rows = draw_rows(chance, 200)
        likely = forecast(counts_of(rows, bought), MOST).price_likely(price, batch=False)
        assert likely
        tokens = [sum(column) for column in zip(*rows[bought:], strict=True)]
        cost = cost_usd(price, Usage(prompt_tokens=tokens[1], completion_tokens=tokens[2]))
        held += likely.low <= cost <= likely.high
    assert 0.92 <= held / runs <= 0.98


def test_the_likely_is_as_what_was_bought_took() -> None:
    rows = [(100, 25, 10), (100, 25, 30), (200, 0, 0), (200, 0, 0)]
    expected = forecast(counts_of(rows, 2), MOST)
    assert expected.likely == Usage(prompt_tokens=100, completion_tokens=40)
    assert expected.most == Usage(prompt_tokens=400, completion_tokens=2 * MOST)
    # s = 14.1 tokens of answers, Student's t 12.7: 12.7 * 14.1 * sqrt(2 + 4 / 2)
    assert expected.spreads == pytest.approx((0, 359.4), abs=0.1)
    likely = expected.price_likely(PRICE, batch=True)
    assert likely == pytest.approx((0.5 * (100 * 2 + 40 * 8) / 1e6, 0, 0.5 * (100 * 2 + 399.4 * 8) / 1e6), rel=1e-3)


def test_one_answer_tells_of_no_spread_and_none_of_nothing() -> None:
    one = forecast(counts_of([(100, 25, 10), (100, 0, 0)], 1), MOST)
    assert one.price_likely(PRICE, batch=False) == pytest.approx((130e-6, 0, one.price_most(PRICE, batch=False)))
    assert forecast(counts_of([(100, 0, 0)], 0), MOST).likely is None
