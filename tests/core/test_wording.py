import math

import pytest

from potstill.core.wording import (
    format_cost,
    format_decimals,
    format_interval,
    format_p_value,
    format_percent,
    format_usd,
    mark_few,
)


@pytest.mark.parametrize(
    ("share", "of", "text"),
    [
        *(
            (0, 0, "0 %"),
            (0.001, 0, "<1 %"),
            (0.006, 0, "1 %"),
            (0.5, 999, "50 %"),
            (0.999, 0, ">99 %"),
            (1, 0, "100 %"),
        ),
        *((0, 1000, "0 %"), (0.0001, 5000, "<0.1 %"), (0.5, 1000, "50.0 %"), (0.9999, 5000, ">99.9 %")),
        (1, 1000, "100 %"),
    ],
)
def test_percent_never_rounds_to_all_or_nothing_and_has_a_decimal_of_many_rows(
    share: float, of: int, text: str
) -> None:
    assert format_percent(share, of) == text.replace(" ", "\xa0")


@pytest.mark.parametrize(
    ("low", "high", "text"), [(0.25, 0.5, "25-50 %"), (0.001, 1, "<1-100 %"), (0, 0.999, "0->99 %")]
)
def test_interval_never_rounds_to_all_or_nothing(low: float, high: float, text: str) -> None:
    assert format_interval(low, high) == text.replace("-", "\N{EN DASH}").replace(" ", "\xa0")


@pytest.mark.parametrize("unknown", [None, math.nan])
def test_unknown_numbers_are_a_dash(unknown: float | None) -> None:
    assert format_percent(unknown) == format_interval(unknown, unknown) == "\N{EM DASH}"
    assert format_decimals(unknown) == format_p_value(unknown) == "\N{EM DASH}"


@pytest.mark.parametrize(("p", "text"), [(0.0004, "<0.001"), (0.001, "0.001"), (1, "1.000")])
def test_p_values_are_written_as_in_print(p: float, text: str) -> None:
    assert format_p_value(p) == text


@pytest.mark.parametrize(
    ("cost", "text"),
    [
        pytest.param(None, "unknown (no price, or no count of tokens)", id="unknown"),
        pytest.param(0, "0.00 US dollars", id="nothing"),
        pytest.param(0.004, "less than 0.01 US dollars", id="next to nothing"),
        pytest.param(1234.5, "1,234.50 US dollars", id="much"),
    ],
)
def test_only_a_cost_of_nothing_is_written_as_nothing(cost: float | None, text: str) -> None:
    assert format_cost(cost) == text


@pytest.mark.parametrize(
    ("usd", "text"), [(0, "0"), (0.000312, "0.00031"), (0.2, "0.20"), (3, "3.00"), (1234.5, "1,234.50")]
)
def test_dollars_have_two_digits_that_say_something(usd: float, text: str) -> None:
    assert format_usd(usd) == text


@pytest.mark.parametrize(("count", "mark"), [(0, ""), (1, ", few"), (9, ", few"), (10, "")])
def test_few_are_marked(count: int, mark: str) -> None:
    assert mark_few(count) == mark
