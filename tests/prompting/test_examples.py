import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML

from potstill.prompting.examples import assign_letters, find_words, is_near
from stages.prepare import main

if TYPE_CHECKING:
    from tests.conftest import Workspace

ROOT = Path(__file__).parents[2]
THINGS = ["bread", "coal", "milk", "sand", "wool", "iron", "paper", "salt", "glass", "honey", "rope", "soap"]


def make_question(thing: str, answer: str | None = "A", **edit: Any) -> dict[str, Any]:
    """A question whose gold is always the first choice, and says so."""
    texts = [f"gold of {thing}", *(f"other {number}" for number in range(4))]
    choices = [{"label": label, "text": text} for label, text in zip("ABCDE", texts, strict=True)]
    row = {
        "id": thing,
        "question": f"Who buys {thing} at a market?",
        "choices": choices,
        "answer": answer,
        "concept": None,
    }
    return row | edit


def make_train(count: int = len(THINGS)) -> list[dict[str, Any]]:
    return [make_question(thing) for thing in THINGS[:count]]


@pytest.fixture
def prepare_rows(workspace: "Workspace") -> Any:
    """Prepare validation questions in this project's own few_shot prompt, and return the requests."""
    few_shot = YAML(typ="safe").load(ROOT / "params.yaml")["prompts"]["few_shot"]
    workspace.edit(prompts={"few_shot": few_shot}, prompt="few_shot", prepare={"splits": ["validation"]})

    def prepare_rows(
        train: list[dict[str, Any]], *asked: dict[str, Any], rotations: int = 1, **examples: Any
    ) -> list[dict[str, Any]]:
        workspace.write_rows("data/raw/train.jsonl", train)
        workspace.write_rows("data/raw/validation.jsonl", list(asked))
        workspace.edit(prompts={"few_shot": {"examples": examples}}, prepare={"rotations": rotations})
        workspace.run(main)
        return workspace.read_rows("data/requests/validation.jsonl")

    return prepare_rows


def shown_things(request: dict[str, Any]) -> list[str]:
    """Return what the examples of a request are about."""
    users = [message["content"] for message in request["messages"] if message["role"] == "user"]
    return [re.findall(r"buys (\w+)", text)[0] for text in users[:-1]]


def test_examples_stand_between_system_and_question_in_the_same_words(prepare_rows: Any) -> None:
    first, second = prepare_rows(make_train(), make_question("time"), rotations=2)
    assert [message["role"] for message in first["messages"]] == ["system", *["user", "assistant"] * 5, "user"]
    system, *examples, asked = first["messages"]
    assert "one letter only, A, B, C, D or E." in system["content"]
    assert asked["content"].startswith(
        "Question: Who buys time at a market?\nAnswer Choices:\nA. gold of time\nB. other 0\n"
    )
    for user, assistant, thing in zip(examples[::2], examples[1::2], shown_things(first), strict=True):
        assert user["content"].startswith(f"Question: Who buys {thing} at a market?\nAnswer Choices:\nA. ")
        assert f"\n{assistant['content']}. gold of {thing}\n" in user["content"]
    assert second["messages"][:-1] == first["messages"][:-1]
    assert second["messages"][-1]["content"].startswith(
        "Question: Who buys time at a market?\nAnswer Choices:\nA. other 0\n"
    )


@pytest.mark.parametrize("count", [5, 10])
def test_gold_letters_of_examples_are_balanced(prepare_rows: Any, count: int) -> None:
    (request,) = prepare_rows(make_train(), make_question("time"), count=count)
    letters = Counter(message["content"] for message in request["messages"] if message["role"] == "assistant")
    assert letters == dict.fromkeys("ABCDE", count // 5)


def test_letters_are_balanced_over_questions_of_any_number_of_choices() -> None:
    letters = assign_letters([4, 4, 2, 4, 5, 4, 4, 2, 3, 5], seed=0)
    assert max(Counter(letters).values()) <= 3
    assert {letters[2], letters[7]} <= {"A", "B"}
    assert len({tuple(assign_letters([5] * 5, seed)) for seed in range(20)}) > 5


def test_examples_answer_as_the_prompt_says(prepare_rows: Any) -> None:
    (request,) = prepare_rows(make_train(), make_question("time"), count=1, answer='{{"answer": "{letter}"}} {text}')
    (thing,) = shown_things(request)
    letter = request["messages"][2]["content"][12]
    assert request["messages"][2]["content"] == f'{{"answer": "{letter}"}} gold of {thing}'


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(str, id="the same question"),
        pytest.param(lambda text: f"  {text.upper()} ", id="another case"),
        pytest.param(lambda text: text.replace("Who", "So who").replace("?", " ?!"), id="a word more"),
    ],
)
def test_what_is_asked_is_no_example_nor_is_its_like_and_the_others_stay(prepare_rows: Any, edit: Any) -> None:
    (other,) = prepare_rows(make_train(), make_question("time"))
    usual = shown_things(other)
    for place, thing in enumerate(usual):
        (request,) = prepare_rows(make_train(), make_question("x", question=edit(f"Who buys {thing} at a market?")))
        shown = shown_things(request)
        assert thing not in shown
        assert len(set(shown)) == 5
        assert [*shown[:place], *shown[place + 1 :]] == [*usual[:place], *usual[place + 1 :]]
        answers = [message["content"] for message in request["messages"] if message["role"] == "assistant"]
        assert sorted(answers) == list("ABCDE")


def test_examples_are_not_near_one_another_and_all_have_gold(prepare_rows: Any) -> None:
    repeated = [make_question(thing, question=f"who buys {thing}, at a MARKET") for thing in THINGS]
    unjudged = [make_question(f"un{thing}", answer=None) for thing in THINGS]
    (request,) = prepare_rows([*repeated, *make_train(), *unjudged], make_question("time"), count=12)
    assert sorted(shown_things(request)) == sorted(THINGS)


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        pytest.param("Where is it?", "where, is IT", True, id="case and punctuation"),
        pytest.param("What do you fill with ink to write?", "What do you fill with ink to print?", True, id="a word"),
        pytest.param("What is the capital of France?", "What is the capital of Spain?", False, id="a frame"),
        pytest.param("哪里可以存钱?", "哪里可以存钱呢", True, id="Chinese"),
        pytest.param("哪里可以存钱?", "哪里可以买书?", False, id="Chinese frame"),
        pytest.param("?", "!", True, id="no words"),
        pytest.param("", "Where?", False, id="no words and one"),
    ],
)
def test_questions_with_nearly_the_same_words_are_near(one: str, other: str, near: bool) -> None:
    assert is_near(find_words(one), find_words(other)) is near


def test_the_seed_decides_which_examples_and_not_the_order_of_the_rows(prepare_rows: Any) -> None:
    (request,) = prepare_rows(make_train(), make_question("time"))
    (again,) = prepare_rows(make_train()[::-1], make_question("time"))
    (other,) = prepare_rows(make_train(), make_question("time"), seed=1)
    assert request["messages"] == again["messages"] != other["messages"]
    assert set(shown_things(request)) != set(shown_things(other))


@pytest.mark.parametrize(
    ("train", "asked", "found"),
    [
        pytest.param([], "time", 0, id="none loaded"),
        pytest.param([*make_train(4), make_question("time", answer=None)], "rain", 4, id="too few with gold"),
        pytest.param(make_train(5), "milk", 4, id="too few but the one that is asked"),
        pytest.param(
            [*make_train(4), make_question("x", question="Who, at a market, buys milk?")], "time", 4, id="repeated"
        ),
    ],
)
def test_too_few_examples_are_told_with_the_params_that_decide(
    workspace: "Workspace", prepare_rows: Any, train: list[dict[str, Any]], asked: str, found: int
) -> None:
    with pytest.raises(AssertionError):
        prepare_rows(train, make_question(asked))
    assert workspace.refuse(main) == (
        "params.yaml: prompts.few_shot.examples.count: expected 5 train questions with gold that differ from one "
        f"another and from the one that is asked, found {found} for {asked}; raise load.train, or lower "
        "prompts.few_shot.examples.count"
    )
