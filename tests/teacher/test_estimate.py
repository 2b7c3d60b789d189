import pytest
from click.testing import CliRunner, Result

from potstill.commands.estimate import main
from potstill.core.catalogues import Price, Teacher
from potstill.core.params import Params
from potstill.core.params_file import load_params
from potstill.teacher.counts import RequestCounts, TokenSums
from potstill.teacher.estimate import format_estimate
from tests.project import ROOT
from tests.servers.teacher import refusal
from tests.teacher.light_project import LightProject, numbered

DEAR = {"input": 1000, "output": 10_000}
HINT = "             `make estimate PILOT=6` asks 6 of them, keeps the answers, and makes a likely figure of them"


def params_of(price: Price | None, *, batch: bool = False) -> Params:
    params = load_params(ROOT / "tests/params.yaml")
    edits = {
        "teacher": "mine",
        "teachers": {"mine": Teacher(provider="azure", model="m", max_tokens=50)},
        "price_per_million": {"mine": price} if price else {},
        "runtime": params.runtime.model_copy(update={"batch": batch}),
    }
    return params.model_copy(update=edits)


def estimate(*options: str) -> Result:
    return CliRunner().invoke(main, ["--requests", "data/requests", "--ledger", "data/ledger", *options])


def bought(*answers: int) -> TokenSums:
    sums = TokenSums()
    for tokens in answers:
        sums.add(40, 20, tokens)
    return sums


UNBOUGHT = RequestCounts(12, 10, free_characters=400, free_most_tokens=560)
TOLD = RequestCounts(12, 10, 3, 1, free_characters=240, free_most_tokens=336, bought=bought(1, 2, 2, 3))


def test_where_nothing_is_bought_there_is_only_a_most_and_the_way_to_more() -> None:
    assert format_estimate(params_of(Price(input=2.0, output=10.0)), UNBOUGHT).splitlines()[3:] == [
        "tokens       at most 560 in prompts, 500 in answers: nothing is bought yet to go by",
        "cost         at most 0.0061 USD",
        "price        2 USD per million tokens of prompts, 10 of answers (params.yaml)",
        HINT.replace("6", "10"),
    ]


def test_what_was_bought_makes_a_likely_figure_with_its_interval() -> None:
    assert format_estimate(params_of(Price(input=2.0, output=10.0)), TOLD).splitlines()[3:] == [
        "tokens       likely 120 in prompts, 12 (2 to 22) in answers, as the 4 bought ones took; at most 336 in "
        "prompts, 300 in answers",
        "cost         likely 0.00036 USD (about 95 %: 0.00026 to 0.00046), at most 0.0037 USD",
        "price        2 USD per million tokens of prompts, 10 of answers (params.yaml)",
    ]


@pytest.mark.parametrize(
    ("share", "cost", "words"),
    [
        pytest.param(0.5, "at most 0.0031 USD", "in batches 50 % of that", id="known"),
        pytest.param(None, "at most 0.0061 USD", "in batches as well, since no other is known", id="not known"),
    ],
)
def test_in_batches_it_is_at_their_rate(share: float | None, cost: str, words: str) -> None:
    price = Price(input=2.0, output=10.0, batch=share)
    lines = format_estimate(params_of(price, batch=True), UNBOUGHT).splitlines()
    assert lines[4] == f"cost         {cost}"
    assert words in lines[5]


def test_without_a_price_the_cost_is_unknown_and_nothing_to_ask_costs_nothing() -> None:
    assert format_estimate(params_of(None), UNBOUGHT).splitlines()[4] == (
        "cost         unknown: genai-prices 0.2.3 of 2026-11-10 lists no price of m for provider azure; put yours into "
        "price_per_million.mine of params.yaml"
    )
    assert format_estimate(params_of(None), RequestCounts(2, 1, 1)).endswith("to ask       0")


def test_an_estimate_counts_what_would_be_asked_and_what_it_costs_and_asks_nothing(light: LightProject) -> None:
    light.succeed()
    light.teacher.calls.clear()
    light.configure(price=DEAR)
    light.write_requests("train", [*numbered(8), "question 0?"])

    assert estimate().stdout.splitlines() == [
        "requests     9, 8 of them distinct",
        "bought       6 in the journal, 0 in the ledger",
        "to ask       2",
        "tokens       likely 22 in prompts, 6 (6 to 6) in answers, as the 6 bought ones took; at most 98 in prompts, "
        "32 in answers",
        "cost         likely 0.082 USD (about 95 %: 0.082 to 0.082), at most 0.42 USD",
        "price        1000 USD per million tokens of prompts, 10000 of answers (params.yaml)",
    ]
    assert light.teacher.calls == []


def test_a_pilot_asks_some_of_what_is_missing_for_good_and_makes_a_likely_figure(light: LightProject) -> None:
    light.configure(price=DEAR)
    light.write_requests("train", numbered(40))
    assert HINT.replace("6", "20") in estimate().stdout.splitlines()

    lines = estimate("--pilot", "5").stdout.splitlines()

    assert lines[0].startswith("pilot: 5 requests: 5 asked, ")
    assert lines[2:4] == ["bought       5 in the journal, 0 in the ledger", "to ask       35"]
    assert lines[5].startswith("cost         likely ")
    asked = light.teacher.questions()
    assert len(set(asked)) == 5
    assert asked != numbered(5)
    assert not (light.folder / "logs/infer.json").exists()
    light.succeed()
    assert sorted(light.teacher.questions()) == sorted(numbered(40))


def test_a_pilot_of_more_than_is_missing_asks_the_rest_and_one_that_failed_is_told(light: LightProject) -> None:
    light.teacher.script(refusal(422))
    run = estimate("--pilot", "50")
    assert run.stdout.splitlines()[0].endswith("5 answered, 0 truncated, 0 filtered, 1 failed")
    assert run.stderr.splitlines()[-1].startswith("1 failed, the last (train-")


@pytest.mark.parametrize(
    ("pilot", "runtime", "ask", "sentence"),
    [
        pytest.param("2", {}, "never", "POTSTILL_ASK=never: 2 requests have no answer", id="may not ask"),
        pytest.param("2", {"budget_usd": 0.01}, "", "runtime.budget_usd: 0 of 0.01 US dollars are spent", id="budget"),
        pytest.param("few", {}, "", "PILOT: expected how many requests to ask, 1 or more, got 'few'", id="no number"),
    ],
)
def test_a_pilot_asks_nothing_that_a_run_would_not(
    light: LightProject,
    monkeypatch: pytest.MonkeyPatch,
    pilot: str,
    runtime: dict[str, float],
    ask: str,
    sentence: str,
) -> None:
    light.configure(price=DEAR, **runtime)
    monkeypatch.setenv("POTSTILL_ASK", ask)
    run = estimate("--pilot", pilot)
    assert run.exit_code == 1
    assert f"Error: {sentence}" in run.stderr
    assert light.teacher.calls == []
