from collections.abc import Sequence

import pytest

from potstill.core.prices import KnownPrice
from potstill.core.records import Response, Status
from potstill.quality.usage import UsageCounter
from tests.judged import make_request, make_response


def count(responses: Sequence[Response], price: KnownPrice | None) -> dict[str, int | float | None]:
    counter = UsageCounter(price)
    for response in responses:
        counter.add(response)
    return counter.count()


def test_usage_counts_each_answer_bought_once() -> None:
    request = make_request()
    bought = make_response(request, "C", key="k1")
    failed = make_response(request, None, "failed", usage=None, key="k3")
    responses = [bought, bought, make_response(request, "C", key="k2"), failed]
    assert count(responses, None) == {
        "requests": 2,
        "prompt_tokens": 200,
        "completion_tokens": 20,
        "cost_usd": None,
    }


def test_tokens_of_reasoning_are_counted_where_there_are_some() -> None:
    request = make_request()
    thought = {"prompt_tokens": 100, "completion_tokens": 10, "reasoning_tokens": 4}
    responses = [make_response(request, "C", key=key, usage=thought) for key in ("k1", "k2")]

    assert count([*responses, make_response(request, "C", key="k3")], None) == {
        "requests": 3,
        "prompt_tokens": 300,
        "completion_tokens": 30,
        "reasoning_tokens": 8,
        "cost_usd": None,
    }


@pytest.mark.parametrize(
    ("price", "unmetered", "cost"),
    [
        pytest.param((2.0, 5.0), None, 0.00025, id="priced"),
        pytest.param((2.0, 5.0), "answered", None, id="an answer without a count"),
        pytest.param((2.0, 5.0), "failed", 0.00025, id="a failure costs nothing"),
        pytest.param((0.0, 0.0), "answered", 0, id="for nothing"),
    ],
)
def test_cost_is_known_or_none(price: tuple[float, float], unmetered: Status | None, cost: float | None) -> None:
    responses = [make_response(make_request(), "C")]
    if unmetered:
        responses.append(make_response(make_request(1), None, unmetered, usage=None))
    assert count(responses, KnownPrice(*price, None, "here"))["cost_usd"] == cost
