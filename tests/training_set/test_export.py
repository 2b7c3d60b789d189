import json
from typing import TYPE_CHECKING, Any

import pytest

from potstill.core.records import Message, Request
from potstill.training_set.formats import FORMATS
from stages.export import main

if TYPE_CHECKING:
    from tests.conftest import Workspace

OUTCOMES = ("correct", "wrong", "unjudged", "refused", "ambiguous", "unparsed", "truncated", "filtered", "failed")
STATUSES = {"truncated": "truncated", "filtered": "filtered", "failed": "failed"}
CHOICES = [{"label": "A", "text": "bank"}, {"label": "B", "text": "shop"}]


def make_request(number: int) -> dict[str, Any]:
    return {
        "id": f"q{number}:0:0",
        "question_id": f"q{number}",
        "question": f"Where is money number {number}?",
        "choices": CHOICES,
        "answer": "A",
        "rotation": 0,
        "replicate": 0,
        "messages": [
            {"role": "system", "content": "Reply with one letter."},
            {"role": "user", "content": f"Where is money number {number}?\nA. bank\nB. shop"},
        ],
    }


def make_response(number: int, outcome: str) -> dict[str, Any]:
    content = None if outcome in {"filtered", "failed"} else f"Text {number} \N{GRINNING FACE}"
    return {
        "id": f"q{number}:0:0",
        "key": f"k{number}",
        "status": STATUSES.get(outcome, "answered"),
        "content": content,
    }


def make_answer(number: int, outcome: str) -> dict[str, Any]:
    reading = {"request_id": f"q{number}:0:0", "answer": None, "outcome": outcome}
    answer = {"question_id": f"q{number}", "answer": None, "outcome": outcome, "confidence": None, "distribution": {}}
    return answer | {"readings": [reading]}


def write_split(workspace: "Workspace", split: str, outcomes: tuple[str, ...]) -> None:
    numbered = list(enumerate(outcomes))
    workspace.write_rows(f"data/requests/{split}.jsonl", [make_request(number) for number, _ in numbered])
    workspace.write_rows(f"data/responses/{split}.jsonl", [make_response(*pair) for pair in numbered])
    workspace.write_rows(f"data/answers/{split}.jsonl", [make_answer(*pair) for pair in numbered])


def read_manifest(workspace: "Workspace") -> dict[str, Any]:
    return json.loads((workspace.folder / "data/export/manifest.json").read_text(encoding="utf-8"))


def test_an_example_is_exactly_the_user_message_and_the_response(workspace: "Workspace") -> None:
    write_split(workspace, "train", ("correct",))
    workspace.run(main)
    assert workspace.read_rows("data/export/question_answer/train.jsonl") == [
        {"Question": "Where is money number 0?\nA. bank\nB. shop", "Answer": "Text 0 \N{GRINNING FACE}"}
    ]
    line = (workspace.folder / "data/export/question_answer/train.jsonl").read_text(encoding="utf-8")
    assert line.startswith('{"Question":"')


@pytest.mark.parametrize(
    ("keep", "kept"), [("read", (0, 1, 2)), ("correct", (0,))], ids=["every letter that was read", "correct ones only"]
)
def test_only_rows_that_may_be_learned_from_are_written(
    workspace: "Workspace", keep: str, kept: tuple[int, ...]
) -> None:
    write_split(workspace, "train", OUTCOMES)
    workspace.edit(export={"keep": keep})
    workspace.run(main)
    answers = [row["Answer"] for row in workspace.read_rows("data/export/question_answer/train.jsonl")]
    assert answers == [f"Text {number} \N{GRINNING FACE}" for number in kept]


def test_the_manifest_counts_what_was_left_out_and_why(workspace: "Workspace") -> None:
    write_split(workspace, "train", (*OUTCOMES, "unparsed"))
    write_split(workspace, "validation", ("correct", "wrong"))
    workspace.run(main)
    left_out = {"ambiguous": 1, "failed": 1, "filtered": 1, "refused": 1, "truncated": 1, "unparsed": 2}
    assert read_manifest(workspace) == {
        "formats": ["question_answer"],
        "keep": "read",
        "splits": {
            "train": {"rows": 10, "exported": 3, "left_out": left_out},
            "validation": {"rows": 2, "exported": 2, "left_out": {}},
        },
    }


def test_the_manifest_counts_wrong_answers_that_were_not_kept(workspace: "Workspace") -> None:
    write_split(workspace, "train", ("correct", "wrong", "unjudged", "wrong"))
    workspace.edit(export={"keep": "correct"})
    workspace.run(main)
    manifest = read_manifest(workspace)
    assert manifest["keep"] == "correct"
    assert manifest["splits"]["train"] == {"rows": 4, "exported": 1, "left_out": {"unjudged": 1, "wrong": 2}}


def test_how_many_were_left_out_and_why_is_printed(workspace: "Workspace") -> None:
    write_split(workspace, "train", ("correct", "unparsed", "refused", "unparsed"))
    write_split(workspace, "validation", ("correct",))
    assert workspace.run(main) == (
        "train: 1 of 4 rows exported; left out: 1 refused, 2 unparsed\nvalidation: 1 of 1 rows exported\n"
    )


def test_a_split_without_a_row_to_learn_from_is_an_empty_file(workspace: "Workspace") -> None:
    write_split(workspace, "train", ("refused",))
    workspace.run(main)
    assert (workspace.folder / "data/export/question_answer/train.jsonl").read_bytes() == b""


def test_every_reading_of_a_question_is_an_example_of_its_own(workspace: "Workspace") -> None:
    requests = [make_request(0) | {"id": f"q0:{rotation}:0", "rotation": rotation} for rotation in (0, 1)]
    responses = [make_response(0, "correct") | {"id": request["id"], "content": request["id"]} for request in requests]
    readings = [
        {"request_id": "q0:0:0", "answer": "A", "outcome": "correct"},
        {"request_id": "q0:1:0", "answer": None, "outcome": "refused"},
    ]
    workspace.write_rows("data/requests/train.jsonl", requests)
    workspace.write_rows("data/responses/train.jsonl", responses)
    workspace.write_rows("data/answers/train.jsonl", [make_answer(0, "correct") | {"readings": readings}])
    workspace.run(main)
    assert [row["Answer"] for row in workspace.read_rows("data/export/question_answer/train.jsonl")] == ["q0:0:0"]
    assert read_manifest(workspace)["splits"]["train"]["rows"] == 2


def test_two_runs_give_the_same_bytes(workspace: "Workspace") -> None:
    write_split(workspace, "train", OUTCOMES)
    outputs = []
    for _ in range(2):
        workspace.run(main)
        files = sorted((workspace.folder / "data/export").rglob("*.json*"))
        outputs.append([(file.name, file.read_bytes()) for file in files])
    assert outputs[0] == outputs[1]
    assert [name for name, _ in outputs[0]] == ["manifest.json", "train.jsonl"]


@pytest.mark.parametrize("folder", ["requests", "responses", "answers"])
def test_files_with_different_numbers_of_rows_are_told(workspace: "Workspace", folder: str) -> None:
    write_split(workspace, "train", ("correct", "wrong"))
    rows = workspace.read_rows(f"data/{folder}/train.jsonl")
    workspace.write_rows(f"data/{folder}/train.jsonl", rows[:1])
    assert workspace.refuse(main) == (
        "data/answers/train.jsonl: not as many rows as data/requests/train.jsonl; run `make repro`"
    )


@pytest.mark.parametrize("folder", ["requests", "responses", "answers"])
def test_files_in_different_orders_are_told(workspace: "Workspace", folder: str) -> None:
    write_split(workspace, "train", ("correct", "wrong"))
    rows = workspace.read_rows(f"data/{folder}/train.jsonl")
    workspace.write_rows(f"data/{folder}/train.jsonl", rows[::-1])
    message = workspace.refuse(main)
    assert message.startswith("data/answers/train.jsonl: expected the reading of request ")
    assert message.endswith("; run `make repro`")


def test_missing_answers_are_told_with_what_to_do(workspace: "Workspace") -> None:
    assert workspace.refuse(main) == ("data/answers: expected files of the stage before, found none; run `make repro`")


@pytest.mark.parametrize("folder", ["requests", "responses"])
def test_a_missing_file_beside_the_answers_is_told(workspace: "Workspace", folder: str) -> None:
    write_split(workspace, "train", ("correct",))
    (workspace.folder / f"data/{folder}/train.jsonl").unlink()
    assert workspace.refuse(main).startswith(f"data/{folder}/train.jsonl: expected a file of the stage before")


def test_a_broken_line_is_told_with_its_file_and_number(workspace: "Workspace") -> None:
    write_split(workspace, "train", ("correct", "wrong"))
    with (workspace.folder / "data/answers/train.jsonl").open("a") as file:
        file.write("{\n")
    assert workspace.refuse(main).startswith("data/answers/train.jsonl: line 3: expected a JSON object")


def test_an_unknown_format_is_told_with_those_that_there_are(workspace: "Workspace") -> None:
    workspace.edit(export={"formats": ["alpaca"]})
    assert workspace.refuse(main) == "params.yaml: export.formats.0: expected 'question_answer', got 'alpaca'"


def test_the_question_is_the_last_message_that_was_sent() -> None:
    messages = [Message(role=role, content=f"{role} {n}") for n in (1, 2) for role in ("user", "assistant")][:3]
    request = Request.model_validate(make_request(0) | {"messages": [message.model_dump() for message in messages]})
    example = FORMATS["question_answer"](request, "A")
    assert example.model_dump() == {"Question": "user 2", "Answer": "A"}
