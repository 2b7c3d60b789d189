import re
from typing import TYPE_CHECKING, Any

import pytest

from potstill.core.records import Request, read_rows
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


@pytest.mark.parametrize("structured", [True, False])
def test_a_request_says_that_its_answer_is_structured_and_an_older_row_is_read(
    workspace: "Workspace", prepare_rows: Any, structured: bool
) -> None:
    workspace.edit(prompts={"letter": {"structured": structured, "answer_format": "letter"}})
    (row,) = prepare_rows(make_question(count=3))
    (request,) = read_rows(workspace.folder / "data/requests/train.jsonl", Request)

    assert row.get("structured", "left out") == (True if structured else "left out")
    assert request.to_chat().letters == ("ABC" if structured else None)


@pytest.mark.parametrize("prompt", ["letter", "chain_of_thought"])
def test_the_system_message_asks_for_the_letters_of_each_question_only(
    workspace: "Workspace", prepare_rows: Any, prompt: str
) -> None:
    workspace.edit(prompt=prompt)
    requests = prepare_rows(make_question(1, count=2), make_question(2, count=5))
    for request, labels in zip(requests, ("A or B", "A, B, C, D or E"), strict=True):
        system, user = request["messages"]
        assert (system["role"], user["role"]) == ("system", "user")
        assert re.search(r", ((?:[A-Z], )*[A-Z] or [A-Z])[.,]", system["content"])[1] == labels
        assert set(re.findall(r"\b[A-Z]\b", system["content"])) == set(re.findall("[A-Z]", labels))
        assert user["content"].startswith("Question: Where is money kept?\nAnswer Choices:\nA. bank\nB. shop")


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


def test_rotations_move_gold_with_the_choices_that_the_teacher_is_shown(prepare_rows: Any) -> None:
    requests = prepare_rows(make_question(count=3), rotations=3)
    assert [request["id"] for request in requests] == ["q1:0:0", "q1:1:0", "q1:2:0"]
    assert [[choice["text"] for choice in request["choices"]] for request in requests] == [
        ["bank", "shop", "park"],
        ["shop", "park", "bank"],
        ["park", "bank", "shop"],
    ]
    assert [request["answer"] for request in requests] == ["A", "C", "B"]
    assert "A. shop\nB. park\nC. bank" in requests[1]["messages"][1]["content"]


def test_a_question_is_rotated_no_more_often_than_it_has_choices(prepare_rows: Any) -> None:
    requests = prepare_rows(make_question(1, count=2), make_question(2, count=5), rotations=4)
    assert [(request["question_id"], request["rotation"]) for request in requests] == [
        *(("q1", 0), ("q1", 1)),
        *(("q2", 0), ("q2", 1), ("q2", 2), ("q2", 3)),
    ]


@pytest.mark.parametrize("rotations", ["all", 3, 9], ids=str)
def test_a_number_of_rotations_that_no_question_has_is_noted(workspace: "Workspace", rotations: object) -> None:
    workspace.write_rows("data/raw/train.jsonl", [make_question(1, count=2), make_question(2, count=3)])
    workspace.edit(prepare={"splits": ["train"], "rotations": rotations})
    note = "note: prepare.rotations is 9, but no question has more than 3 choices to rotate\n"
    assert workspace.run(main) == "train: 5 requests\n" + (note if rotations == 9 else "")


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


def test_a_split_without_questions_is_left_out_and_said_to_be(workspace: "Workspace") -> None:
    workspace.write_rows("data/raw/train.jsonl", [])
    workspace.write_rows("data/raw/validation.jsonl", [make_question()])
    assert workspace.run(main) == "train: no questions, so it is left out\nvalidation: 1 requests\n"
    assert [path.name for path in (workspace.folder / "data/requests").iterdir()] == ["validation.jsonl"]


def test_splits_that_are_all_empty_are_told_with_the_params_that_left_them_so(workspace: "Workspace") -> None:
    for split in ("train", "validation"):
        workspace.write_rows(f"data/raw/{split}.jsonl", [])
    assert workspace.refuse(main) == (
        "params.yaml: prepare.splits: expected a split with questions, found none; raise one of load.train, "
        "load.validation, or name another split"
    )


def test_a_row_that_is_wrong_or_not_there_is_told_with_its_place(workspace: "Workspace") -> None:
    assert workspace.refuse(main) == (
        "data/raw/train.jsonl: expected a file of the stage before, found none; run `make repro`"
    )
    workspace.write_rows("data/raw/train.jsonl", [make_question(), make_question(question=7)])
    assert workspace.refuse(main).startswith("data/raw/train.jsonl: line 2: question: ")
