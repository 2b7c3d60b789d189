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
    manifest = read_manifest(workspace)
    assert (manifest["keep"], manifest["splits"]["train"]["exported"]) == (keep, len(kept))
    assert sum(manifest["splits"]["train"]["left_out"].values()) == len(OUTCOMES) - len(kept)


def test_the_manifest_and_a_line_count_what_was_left_out_and_why(workspace: "Workspace") -> None:
    write_split(workspace, "train", ("correct", "unparsed", "refused", "unparsed"))
    write_split(workspace, "validation", ("refused",))
    assert workspace.run(main) == (
        "train: 1 of 4 rows exported; left out: 1 refused, 2 unparsed\n"
        "validation: 0 of 1 rows exported; left out: 1 refused\n"
    )
    assert read_manifest(workspace) == {
        "formats": ["question_answer"],
        "keep": "read",
        "splits": {
            "train": {"rows": 4, "exported": 1, "left_out": {"refused": 1, "unparsed": 2}},
            "validation": {"rows": 1, "exported": 0, "left_out": {"refused": 1}},
        },
    }
    assert (workspace.folder / "data/export/question_answer/validation.jsonl").read_bytes() == b""


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


@pytest.mark.parametrize(
    ("folder", "kept", "message"),
    [
        pytest.param(
            "answers", 1, "answers/train.jsonl: row 2: expected request 'q1:0:0', got the end of the file", id="short"
        ),
        pytest.param(
            "requests", 1, "responses/train.jsonl: row 2: expected the end of the file, got request 'q1:0:0'", id="long"
        ),
        pytest.param(
            "answers", -1, "answers/train.jsonl: row 1: expected request 'q0:0:0', got request 'q1:0:0'", id="order"
        ),
    ],
)
def test_files_that_disagree_are_named_with_the_row(
    workspace: "Workspace", folder: str, kept: int, message: str
) -> None:
    write_split(workspace, "train", ("correct", "wrong"))
    rows = workspace.read_rows(f"data/{folder}/train.jsonl")
    workspace.write_rows(f"data/{folder}/train.jsonl", rows[::-1] if kept < 0 else rows[:kept])
    assert workspace.refuse(main) == f"data/{message}; run `make repro`"


def test_nothing_is_written_of_a_teacher_that_failed_a_strict_gate(workspace: "Workspace") -> None:
    write_split(workspace, "train", ("correct",))
    workspace.write("data/answers/strict_gates_failed.json", json.dumps({"error": "params.yaml: not passed"}))
    assert workspace.refuse(main) == "params.yaml: not passed"
    assert not (workspace.folder / "data/export").exists()


def test_missing_answers_are_named_with_what_to_do(workspace: "Workspace") -> None:
    assert workspace.refuse(main) == ("data/answers: expected files of the stage before, found none; run `make repro`")


def test_an_unknown_format_is_named_with_those_that_there_are(workspace: "Workspace") -> None:
    workspace.edit(export={"formats": ["alpaca"]})
    assert workspace.refuse(main) == "params.yaml: export.formats.0: expected 'question_answer', got 'alpaca'"


def test_the_question_is_the_last_message_that_was_sent() -> None:
    messages = [Message(role=role, content=f"{role} {n}") for n in (1, 2) for role in ("user", "assistant")][:3]
    request = Request.model_validate(make_request(0) | {"messages": [message.model_dump() for message in messages]})
    example = FORMATS["question_answer"](request, "A")
    assert example.model_dump() == {"Question": "user 2", "Answer": "A"}
