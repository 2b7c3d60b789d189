from typing import TYPE_CHECKING

import pytest

from potstill.core.params import Params, load_params
from potstill.teacher.estimate import describe_estimate
from potstill.teacher.plan import Tally

if TYPE_CHECKING:
    from tests.conftest import Workspace


def params_of(workspace: "Workspace", price: dict[str, float] | None) -> Params:
    teacher = {"provider": "azure", "model": "m", "max_tokens": 50, "price_per_million": price}
    workspace.edit(teacher="mine", teachers={"mine": teacher})
    return load_params()


@pytest.mark.parametrize(
    ("tally", "tokens"),
    [
        pytest.param(
            Tally(12, 10, 3, 1, prompt_tokens=80, completion_tokens=8, characters=160, missing_characters=240),
            "120 in prompts, 12 in answers (as the 4 bought ones took)",
            id="by what was bought",
        ),
        pytest.param(
            Tally(12, 10, missing_characters=400),
            "100 in prompts, 500 in answers (prompts by their length, answers at most, since none is bought yet)",
            id="by length",
        ),
        pytest.param(
            Tally(12, 10, 10, prompt_tokens=80, completion_tokens=8, characters=160),
            "0 in prompts, 0 in answers (as the 10 bought ones took)",
            id="nothing to ask",
        ),
    ],
)
def test_tokens_are_expected_as_those_that_were_bought_took(workspace: "Workspace", tally: Tally, tokens: str) -> None:
    lines = describe_estimate(params_of(workspace, None), tally).splitlines()
    assert lines[0] == "requests     12, 10 of them distinct"
    assert lines[2] == f"to ask       {tally.missing}"
    assert lines[3] == f"tokens       {tokens}"


@pytest.mark.parametrize(
    ("price", "cost"),
    [
        pytest.param({"input": 2.0, "output": 10.0}, "0.0052 USD", id="known"),
        pytest.param({"input": 2.0, "output": None}, "unknown: no price_per_million for mine", id="half"),
        pytest.param(None, "unknown: no price_per_million for mine", id="none"),
    ],
)
def test_the_cost_is_said_or_that_it_is_unknown(workspace: "Workspace", price: dict[str, float], cost: str) -> None:
    told = describe_estimate(params_of(workspace, price), Tally(10, 10, missing_characters=400))
    assert told.splitlines()[-1] == f"cost         {cost}"
