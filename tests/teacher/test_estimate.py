import pytest
from click.testing import CliRunner

from potstill.commands.estimate import main
from potstill.core.catalogues import Price, Teacher
from potstill.core.params import Params
from potstill.core.params_file import load_params
from potstill.teacher.estimate import format_estimate
from potstill.teacher.plan import RequestCounts
from tests.project import ROOT
from tests.teacher.light_project import LightProject, numbered


def params_of(price: Price | None) -> Params:
    teacher = Teacher(provider="azure", model="m", max_tokens=50, price_per_million=price)
    return load_params(ROOT / "tests/params.yaml").model_copy(update={"teacher": "mine", "teachers": {"mine": teacher}})


@pytest.mark.parametrize(
    ("counts", "tokens"),
    [
        pytest.param(
            RequestCounts(12, 10, 3, 1, prompt_tokens=80, completion_tokens=8, characters=160, missing_characters=240),
            "120 in prompts, 12 in answers (as the 4 bought ones took)",
            id="by what was bought",
        ),
        pytest.param(
            RequestCounts(12, 10, missing_characters=400),
            "100 in prompts, 500 in answers (prompts by their length, answers at most, since none is bought yet)",
            id="by length",
        ),
        pytest.param(
            RequestCounts(12, 10, 10, prompt_tokens=80, completion_tokens=8, characters=160),
            "0 in prompts, 0 in answers (as the 10 bought ones took)",
            id="nothing to ask",
        ),
    ],
)
def test_tokens_are_expected_as_those_that_were_bought_took(counts: RequestCounts, tokens: str) -> None:
    assert format_estimate(params_of(None), counts).splitlines()[3] == f"tokens       {tokens}"


@pytest.mark.parametrize(
    ("price", "cost"),
    [
        pytest.param(Price(input=2.0, output=10.0), "0.0052 USD", id="known"),
        pytest.param(Price(input=2.0, output=None), "unknown: no price_per_million for mine", id="half"),
        pytest.param(None, "unknown: no price_per_million for mine", id="none"),
    ],
)
def test_the_cost_is_given_or_that_it_is_unknown(price: Price | None, cost: str) -> None:
    lines = format_estimate(params_of(price), RequestCounts(10, 10, missing_characters=400)).splitlines()
    assert lines[-1] == f"cost         {cost}"


def test_an_estimate_counts_what_would_be_asked_and_what_it_costs_and_asks_nothing(light: LightProject) -> None:
    light.succeed()
    light.teacher.calls.clear()
    light.configure(price={"input": 1000, "output": 10_000})
    light.write_requests("train", [*numbered(8), "question 0?"])

    run = CliRunner().invoke(main, ["--requests", "data/requests", "--ledger", "data/ledger"])

    assert run.stdout.splitlines() == [
        "requests     9, 8 of them distinct",
        "bought       6 in the journal, 0 in the ledger",
        "to ask       2",
        "tokens       22 in prompts, 6 in answers (as the 6 bought ones took)",
        "cost         0.0820 USD",
    ]
    assert light.teacher.calls == []
