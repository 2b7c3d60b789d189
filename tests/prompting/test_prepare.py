import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from stages.prepare import main

if TYPE_CHECKING:
    from tests.conftest import Workspace

TEXTS = ["bank", "shop", "park", "pond", "hill"]


def make_question(number: int = 1, count: int = 5, **edit: Any) -> dict[str, Any]:
    return {
        "id": f"q{number}",
        "question": "Where is money kept?",
        "choices": [{"label": label, "text": text} for label, text in zip("ABCDE", TEXTS[:count], strict=False)],
        "answer": "A",
        "concept": None,
    } | edit


@pytest.fixture
def prepare_rows(workspace: "Workspace") -> Any:
    """Run the stage over questions of the train split, and return the requests."""

    def prepare_rows(*questions: dict[str, Any], **params: Any) -> list[dict[str, Any]]:
        workspace.write_rows("data/raw/train.jsonl", list(questions))
        workspace.edit(prepare={"splits": ["train"]} | params)
        workspace.run(main)
        return workspace.read_rows("data/requests/train.jsonl")

    return prepare_rows


def test_a_question_becomes_a_request_in_the_prompts_words(workspace: "Workspace", prepare_rows: Any) -> None:
    workspace.edit(
        prompts={"mine": {"system": "Say {labels}.", "user": "Q: {question}\n{answer_choices}\nA:"}}, prompt="mine"
    )
    assert prepare_rows(make_question(count=3)) == [
        {
            "id": "q1:0:0",
            "question_id": "q1",
            "question": "Where is money kept?",
            "choices": [
                {"label": "A", "text": "bank"},
                {"label": "B", "text": "shop"},
                {"label": "C", "text": "park"},
            ],
            "answer": "A",
            "rotation": 0,
            "replicate": 0,
            "messages": [
                {"role": "system", "content": "Say A, B or C."},
                {"role": "user", "content": "Q: Where is money kept?\nA. bank\nB. shop\nC. park\nA:"},
            ],
        }
    ]


@pytest.mark.parametrize("prompt", ["letter", "chain_of_thought"])
@pytest.mark.parametrize(
    ("count", "labels"), [(2, "A or B"), (4, "A, B, C or D"), (5, "A, B, C, D or E")], ids=["two", "four", "five"]
)
def test_the_system_message_asks_for_this_questions_letters_only(
    workspace: "Workspace", prepare_rows: Any, prompt: str, count: int, labels: str
) -> None:
    workspace.edit(prompt=prompt)
    (request,) = prepare_rows(make_question(count=count))
    system, user = request["messages"]
    assert system["role"] == "system"
    assert re.search(r", ((?:[A-Z], )*[A-Z] or [A-Z])[.,]", system["content"])[1] == labels
    assert set(re.findall(r"\b[A-Z]\b", system["content"])) == set("ABCDE"[:count])
    assert user["role"] == "user"
    assert user["content"].startswith("Question: Where is money kept?\nAnswer Choices:\nA. bank\nB. shop")


def test_the_chain_of_thought_ends_with_a_line_that_names_the_letter(workspace: "Workspace", prepare_rows: Any) -> None:
    workspace.edit(prompt="chain_of_thought")
    (request,) = prepare_rows(make_question())
    system = request["messages"][0]["content"]
    assert "step by step" in system
    assert system.endswith('like this: "Answer: A".')


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("What does {answer_choices} mean in {labels}?", id="placeholders"),
        pytest.param("Is {} a set, and {{}} another, and {0}?", id="braces"),
        pytest.param("What does f'{x!r:>5}' print}?", id="unbalanced"),
    ],
)
def test_braces_in_a_questions_own_text_survive(prepare_rows: Any, text: str) -> None:
    question = make_question(question=text, count=2)
    question["choices"][1]["text"] = text
    (request,) = prepare_rows(question)
    assert request["messages"][1]["content"] == f"Question: {text}\nAnswer Choices:\nA. bank\nB. {text}\nAnswer:"


def test_doubled_braces_of_a_prompt_become_single_ones(workspace: "Workspace", prepare_rows: Any) -> None:
    workspace.edit(prompts={"letter": {"system": 'Reply with {{"answer": LETTER}}, {labels}.'}})
    (request,) = prepare_rows(make_question(count=2))
    assert request["messages"][0]["content"] == 'Reply with {"answer": LETTER}, A or B.'


def test_rotations_move_gold_with_the_choices(prepare_rows: Any) -> None:
    requests = prepare_rows(make_question(count=3), rotations=3)
    assert [request["id"] for request in requests] == ["q1:0:0", "q1:1:0", "q1:2:0"]
    assert [[choice["text"] for choice in request["choices"]] for request in requests] == [
        ["bank", "shop", "park"],
        ["shop", "park", "bank"],
        ["park", "bank", "shop"],
    ]
    assert [request["answer"] for request in requests] == ["A", "C", "B"]


def test_a_rotation_is_what_the_teacher_is_shown(prepare_rows: Any) -> None:
    request = prepare_rows(make_question(count=2), rotations=2)[1]
    assert "A. shop\nB. bank" in request["messages"][1]["content"]


def test_a_question_is_rotated_no_more_often_than_it_has_choices(prepare_rows: Any) -> None:
    requests = prepare_rows(make_question(1, count=2), make_question(2, count=5), rotations=4)
    assert [(request["question_id"], request["rotation"]) for request in requests] == [
        *(("q1", 0), ("q1", 1)),
        *(("q2", 0), ("q2", 1), ("q2", 2), ("q2", 3)),
    ]


def test_every_request_is_asked_as_often_as_there_are_replicates(prepare_rows: Any) -> None:
    requests = prepare_rows(make_question(count=2), rotations=2, replicates=2)
    assert [request["id"] for request in requests] == ["q1:0:0", "q1:0:1", "q1:1:0", "q1:1:1"]
    assert requests[0]["messages"] == requests[1]["messages"]


def test_a_gold_that_is_kept_back_stays_null(prepare_rows: Any) -> None:
    requests = prepare_rows(make_question(answer=None), rotations=2)
    assert [request["answer"] for request in requests] == [None, None]


def test_only_the_splits_asked_for_are_prepared(workspace: "Workspace") -> None:
    for split in ("train", "validation", "test"):
        workspace.write_rows(f"data/raw/{split}.jsonl", [make_question()])
    workspace.edit(prepare={"splits": ["validation", "test"]})
    assert workspace.run(main) == "validation: 1 requests\ntest: 1 requests\n"
    assert sorted(path.name for path in (workspace.folder / "data/requests").iterdir()) == [
        "test.jsonl",
        "validation.jsonl",
    ]


def test_two_runs_give_the_same_bytes(workspace: "Workspace") -> None:
    for split in ("train", "validation"):
        workspace.write_rows(f"data/raw/{split}.jsonl", [make_question(number) for number in range(9)])
    outputs = []
    for _ in range(2):
        workspace.run(main)
        outputs.append([path.read_bytes() for path in sorted((workspace.folder / "data/requests").iterdir())])
    assert outputs[0] == outputs[1]


def test_an_empty_split_is_told_with_the_param_that_left_it_empty(workspace: "Workspace") -> None:
    workspace.write_rows("data/raw/train.jsonl", [make_question()])
    workspace.write_rows("data/raw/test.jsonl", [])
    workspace.edit(prepare={"splits": ["train", "test"]})
    assert workspace.refuse(main) == (
        "params.yaml: prepare.splits: expected splits with questions, but load.test left test empty"
    )


def test_a_broken_line_is_told_with_its_file_and_number(workspace: "Workspace") -> None:
    workspace.write("data/raw/train.jsonl", json.dumps(make_question()) + '\n{"id": "q2"')
    message = workspace.refuse(main)
    assert message == """data/raw/train.jsonl: line 2: expected a JSON object, got '{"id": "q2"'"""


def test_a_row_of_the_wrong_shape_is_told_with_its_file_line_and_field(workspace: "Workspace") -> None:
    workspace.write_rows("data/raw/train.jsonl", [make_question(), make_question(question=7)])
    assert workspace.refuse(main).startswith("data/raw/train.jsonl: line 2: question: ")


def test_a_missing_file_is_told_with_what_to_do(workspace: "Workspace") -> None:
    assert workspace.refuse(main) == (
        "data/raw/train.jsonl: expected a file of the stage before, found none; run `make repro`"
    )


def test_an_unknown_prompt_is_told_with_those_that_there_are(workspace: "Workspace") -> None:
    workspace.edit(prompt="leter")
    assert workspace.refuse(main).startswith("params.yaml: prompt: expected one of letter, chain_of_thought")
