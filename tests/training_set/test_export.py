import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow.parquet as pq
import pytest

from potstill.core.records import Message
from potstill.reading.judging import JudgedQuestion
from stages.export import main
from tests.training_set.splits import ask, make_question, write_inputs

if TYPE_CHECKING:
    from tests.conftest import Workspace

EXAMPLES = [Message(role="user", content="Who?"), Message(role="assistant", content="B")]
UNFINISHED = {
    "refused": {"content": "I cannot help with that."},
    "ambiguous": {"content": "A or B."},
    "unparsed": {"content": "It depends."},
    "truncated": {"status": "truncated", "content": "The answer"},
    "filtered": {"status": "filtered"},
    "failed": {"status": "failed", "error": "HTTP 503"},
}


def ask_all(*letters: str, gold: str | None = "A", first: int = 0) -> list[JudgedQuestion]:
    """Questions that were each answered once."""
    return [ask(make_question(number, gold), [letter]) for number, letter in enumerate(letters, start=first)]


def export(workspace: "Workspace", train: Sequence[JudgedQuestion], **edits: Any) -> dict[str, Any]:
    """Export a train split, and return its part of the manifest."""
    write_inputs(workspace, train=train)
    workspace.edit(export=edits)
    workspace.run(main)
    return workspace.read_json("data/export/manifest.json")["splits"]["train"]


def read_examples(workspace: "Workspace") -> dict[str, str]:
    """What the rows of train teach, by their ids."""
    rows = workspace.read_rows("data/export/prompt_completion/train.jsonl")
    return {row["id"]: row["completion"][0]["content"] for row in rows}


def read_files(workspace: "Workspace") -> dict[Path, bytes]:
    """All files of the export, and of what could be left beside it."""
    return {path: path.read_bytes() for path in (workspace.folder / "data").rglob("export*/**/*") if path.is_file()}


def read_left_out(workspace: "Workspace") -> dict[str, str]:
    return {row["question_id"]: row["reason"] for row in workspace.read_rows("data/export/left_out.jsonl")}


def test_every_question_is_exported_or_left_out_for_one_reason(workspace: "Workspace") -> None:
    unread = [ask(make_question(number), [reply]) for number, reply in enumerate(UNFINISHED.values(), start=10)]
    tie = ask(make_question(20), ["A", "B"])
    numbers = export(workspace, [*ask_all("A", "B"), *unread, tie], formats=["prompt_completion"])
    assert read_examples(workspace) == {"q0": "A", "q1": "B"}
    expected = dict(zip((f"q{number}" for number in range(10, 16)), UNFINISHED, strict=True)) | {"q20": "tie"}
    assert read_left_out(workspace) == expected
    assert numbers["left_out"] == {reason: {"A": 1} for reason in sorted(expected.values())}
    assert (numbers["questions"], numbers["kept"]) == (9, 2)


@pytest.mark.parametrize(
    ("keep", "kept", "reasons"),
    [
        ("read", {"q0", "q1", "q2", "q3", "q4", "q5"}, {}),
        ("correct", {"q0", "q1", "q3"}, {"q2": "wrong", "q4": "unjudged", "q5": "wrong"}),
        ("agreed", {"q0", "q2", "q4"}, {"q1": "disagreed", "q3": "read_once", "q5": "disagreed"}),
        (
            "correct_and_agreed",
            {"q0"},
            {"q1": "disagreed", "q2": "wrong", "q3": "read_once", "q4": "unjudged", "q5": "wrong"},
        ),
    ],
)
def test_keep_chooses_among_answers(workspace: "Workspace", keep: str, kept: set[str], reasons: dict[str, str]) -> None:
    replies = [["A", "A"], ["A", "A", "B"], ["B", "B"], ["A", None], ["C", "C"]]
    golds = ["A", "A", "A", "A", None]
    train = [ask(make_question(n, gold), reply) for n, (gold, reply) in enumerate(zip(golds, replies, strict=True))]
    averaged = ask(make_question(5), ["B", "B"])  # of probabilities, by which another option leads
    update = {"answer": "C", "outcome": "wrong", "distribution": {"B": 0.4, "C": 0.6}}
    train.append(replace(averaged, answer=msgspec.structs.replace(averaged.answer, **update)))
    workspace.edit(prepare={"replicates": 3})
    numbers = export(workspace, train, formats=["prompt_completion"], keep=keep, target="letter")
    assert set(read_examples(workspace)) == kept
    assert read_left_out(workspace) == reasons
    judged = len(kept) - ("q4" in kept)
    agreement = numbers["agreement_with_gold"]
    assert agreement["share"] == pytest.approx((judged - len({"q2", "q5"} & kept)) / judged, abs=1e-6)


def test_a_question_that_was_rotated_is_one_row_in_its_own_order(workspace: "Workspace") -> None:
    meant_b = {(0, 0): "C", (1, 0): "A", (2, 0): "C"}  # of three readings two mean B: each rotation moves it up
    train = [ask(make_question(0, "B"), meant_b), ask(make_question(1, "A"), {(0, 0): "A", (1, 0): "A", (2, 0): "A"})]
    export(workspace, train, formats=["prompt_completion", "soft_labels"], target="letter_and_text")
    (row,) = workspace.read_rows("data/export/prompt_completion/train.jsonl")
    assert row["prompt"][-1]["content"].endswith("A. bank\nB. shop\nC. park")
    assert (row["completion"][0]["content"], row["outcome"]) == ("B. shop", "correct")
    assert row["confidence"] == pytest.approx(2 / 3, abs=1e-6)
    assert read_left_out(workspace) == {"q1": "tie"}


def test_every_rotation_of_a_question_means_the_same_option(workspace: "Workspace") -> None:
    train = [ask(make_question(0, "B"), ["B"])]
    numbers = export(
        workspace,
        train,
        formats=["prompt_completion", "alpaca", "soft_labels"],
        target="letter_and_text",
        augment="all_rotations",
    )
    assert read_examples(workspace) == {"q0:0": "B. shop", "q0:1": "A. shop", "q0:2": "C. shop"}
    for row in workspace.read_rows("data/export/alpaca/train.jsonl"):
        assert row["output"] in row["instruction"].splitlines()
    assert numbers["letters"]["after"] == {"A": 1, "B": 1, "C": 1}
    assert numbers["rows"] == {"prompt_completion": 3, "alpaca": 3, "soft_labels": 3}
    labels = pq.read_table(workspace.folder / "data/export/soft_labels/train.parquet").to_pylist()
    assert [row["distribution"] for row in labels] == [[0, 1, 0], [1, 0, 0], [0, 0, 1]]


@pytest.mark.parametrize(
    ("setting", "taught"),
    [({"augment": "all_rotations"}, (9, 9, 9)), ({"balance": "downsample"}, (2, 2, 2)), ({"balance": "rotate"}, None)],
    ids=["augment", "downsample", "rotate"],
)
def test_train_alone_is_augmented_balanced_and_deduplicated(
    workspace: "Workspace", setting: dict[str, str], taught: tuple[int, ...] | None
) -> None:
    validation = [ask(make_question(20), ["A", "A"], EXAMPLES), *ask_all(*"AAAAB", first=21)]
    validation.append(ask(make_question(26, text=make_question(20).question), ["A"]))
    train = [ask(make_question(30), ["A", "B", "B"]), *ask_all(*"AABBBBCC")]
    write_inputs(workspace, train=train, validation=validation)
    workspace.edit(prepare={"replicates": 3})
    workspace.edit(export={"formats": ["alpaca", "preference"], "target": "letter", **setting})
    workspace.run(main)
    splits = workspace.read_json("data/export/manifest.json")["splits"]
    assert taught is None or tuple(splits["train"]["letters"]["after"].values()) == taught
    rows = workspace.read_rows("data/export/alpaca/validation.jsonl")
    assert [(row["id"], row["output"]) for row in rows] == [(f"q{n}", "AAAAABA"[n - 20]) for n in range(20, 27)]
    assert [row["history"] for row in rows] == [[["Who?", "B"]], *[[]] * 6]
    assert splits["validation"]["rows"] == {"alpaca": 7, "preference": 0}  # nobody disagrees there


def test_the_answer_is_moved_to_a_letter_drawn_by_seed(workspace: "Workspace") -> None:
    train = ask_all(*"A" * 300, gold="A")
    numbers = export(workspace, train, formats=["prompt_completion"], target="letter_and_text", balance="rotate")
    assert set(read_examples(workspace).values()) == {"A. bank", "B. bank", "C. bank"}
    assert all(80 < count < 120 for count in numbers["letters"]["after"].values())
    assert numbers["letters"]["before"] == {"A": 300, "B": 0, "C": 0}
    first = read_examples(workspace)
    export(workspace, train, seed=1)
    assert read_examples(workspace) != first


def test_as_many_rows_of_each_letter_are_taken(workspace: "Workspace") -> None:
    of_two = ask(make_question(10, options=["yes", "no"]), ["A"])  # with no other whose answer is B
    numbers = export(workspace, [*ask_all(*"AAAAABBBCC"), of_two], formats=["prompt_completion"], balance="downsample")
    assert numbers["letters"]["after"] == {"A": 2, "B": 2, "C": 2}
    assert numbers["left_out"] == {"unbalanced": {"A": 5}}
    assert "q10" in read_left_out(workspace)


@pytest.mark.parametrize(
    ("target", "taught"),
    [
        ("letter", "B"),
        ("letter_and_text", "B. shop"),
        ("verbatim", "Money is spent in shops.\nSo the answer is B."),
        ("reasoning_and_letter", "Money is spent in shops.\n\nAnswer: B"),
    ],
)
def test_a_student_learns_to_say_what_target_says(workspace: "Workspace", target: str, taught: str) -> None:
    train = [ask(make_question(0), ["Money is spent in shops.\nSo the answer is B."]), *ask_all("C", first=1)]
    export(workspace, train, formats=["prompt_completion"], target=target)
    examples = read_examples(workspace)
    assert examples["q0"] == taught
    assert ("q1" in examples) == (target != "reasoning_and_letter")


THOUGHT = {"content": '{"answer": "B"}', "reasoning": "Shops sell."}


@pytest.mark.parametrize(
    "prompt",
    [
        pytest.param({"answer_format": "json"}, id="json"),
        pytest.param({"answer_format": "letter", "structured": True}, id="a letter that it is held to"),
    ],
)
def test_the_rest_of_an_object_is_no_reasoning(workspace: "Workspace", prompt: dict[str, Any]) -> None:
    train = [ask(make_question(0), ['{\n  "answer": "B"\n}']), ask(make_question(1), [THOUGHT])]
    workspace.edit(prompts={"letter": prompt})
    export(workspace, train, formats=["prompt_completion"], target="reasoning_and_letter")
    assert read_examples(workspace) == {"q1": "Shops sell.\n\nAnswer: B"}


def test_hidden_reasoning_is_taught_where_it_is_asked_for(workspace: "Workspace") -> None:
    train = [ask(make_question(0), [{"content": "B", "reasoning": "Shops sell."}])]
    export(workspace, train, formats=["prompt_completion"], target="reasoning_and_letter")
    assert read_examples(workspace) == {"q0": "Shops sell.\n\nAnswer: B"}
    export(workspace, train, target="verbatim")
    assert read_examples(workspace) == {"q0": "B"}


def test_the_target_is_a_letter_where_the_prompt_asks_for_one(workspace: "Workspace") -> None:
    train = [ask(make_question(0), ["The answer is B."])]
    export(workspace, train, formats=["prompt_completion"])
    assert read_examples(workspace) == {"q0": "The answer is B."}
    workspace.edit(prompts={"letter": {"letter_only": True}})
    export(workspace, train)
    assert read_examples(workspace) == {"q0": "B"}


def test_words_that_nobody_said_in_this_order_are_not_taught(workspace: "Workspace") -> None:
    train = [ask(make_question(0, "B"), {(0, 0): "A", (1, 0): "It is A.", (2, 0): "It is C."}), *ask_all("A", first=1)]
    workspace.edit(prepare={"rotations": 3})
    export(workspace, train, formats=["prompt_completion"], target="verbatim")
    assert read_left_out(workspace) == {"q0": "no_text"}
    export(workspace, train, augment="all_rotations")
    assert read_examples(workspace) == {"q0:1": "It is A.", "q0:2": "It is C.", "q1:0": "A"}


def test_pairs_are_of_gold_and_what_was_answered_instead(workspace: "Workspace") -> None:
    train = [ask(make_question(0), ["A", "B", "C", "C"]), ask(make_question(1), ["B", "C"]), *ask_all("A", first=2)]
    workspace.edit(prepare={"replicates": 4})
    numbers = export(workspace, train, formats=["prompt_completion", "preference"])
    (pair,) = workspace.read_rows("data/export/preference/train.jsonl")
    assert [pair[name][0]["content"] for name in ("chosen", "rejected")] == ["A", "C"]
    assert (pair["id"], pair["prompt"][-1]["role"]) == ("q0", "user")
    assert (pair["outcome"], pair["confidence"]) == ("correct", 0.25)  # of what is chosen
    assert numbers["rows"] == {"prompt_completion": 2, "preference": 1}
    assert (numbers["kept"], numbers["left_out"]) == (2, {"tie": {"A": 1}})
    numbers = export(workspace, train, formats=["preference"])
    assert workspace.read_rows("data/export/preference/train.jsonl") == [pair]
    assert (numbers["kept"], numbers["left_out"]) == (1, {"no_pair": {"A": 2}})
    assert (numbers["outcomes"], numbers["letters"]["after"]) == ({"correct": 1}, {"A": 1, "B": 0, "C": 0})


def test_doubtful_long_and_repeated_rows_are_left_out(workspace: "Workspace") -> None:
    usage = {"prompt_tokens": 50, "completion_tokens": 1}
    train = [
        ask(make_question(0), ["A", "A", "B"]),
        ask(make_question(1), [{"content": "A", "usage": usage}]),
        *ask_all("A", first=2),
        ask(make_question(3, options=("shop", "park", "bank"), text=make_question(2).question.upper()), ["C"]),
    ]
    workspace.edit(prepare={"replicates": 3})
    settings = {"formats": ["prompt_completion"], "min_confidence": 0.7, "max_tokens": 50}
    export(workspace, train, **settings)
    assert read_left_out(workspace) == {"q0": "low_confidence", "q1": "too_long", "q3": "duplicate"}
    export(workspace, train, min_confidence=None, max_tokens=None, deduplicate=False)
    assert read_left_out(workspace) == {}


def test_no_train_question_is_one_of_validation_or_test(workspace: "Workspace") -> None:
    train, validation = ask_all("A", "A", "A", "A"), ask_all("A", first=2)
    write_inputs(workspace, train=train, validation=validation, test=ask_all("A", first=3))
    workspace.edit(export={"formats": ["prompt_completion"]})
    workspace.run(main)
    assert set(read_examples(workspace)) == {"q0", "q1"}
    row, other = workspace.read_rows("data/export/left_out.jsonl")
    assert (other["question_id"], other["like_split"]) == ("q3", "test")
    assert row == {
        "split": "train", "question_id": "q2", "reason": "leaked",
        "like": "q2", "like_split": "validation", "similarity": 1.0,
    }  # fmt: skip
    workspace.edit(export={"leakage_threshold": None})
    workspace.run(main)
    assert set(read_examples(workspace)) == {"q0", "q1", "q2", "q3"}


def test_the_system_message_is_kept_or_left_out(workspace: "Workspace") -> None:
    export(workspace, ask_all(*"ABCABCABCA"), formats=["messages", "alpaca", "sharegpt"])
    chats = [row["messages"] for row in workspace.read_rows("data/export/messages/train.jsonl")]
    assert [[message["role"] for message in chat] for chat in chats] == [["system", "user", "assistant"]] * 10
    assert workspace.read_rows("data/export/alpaca/train.jsonl")[0]["system"] == "Reply with one letter, A, B or C."
    export(workspace, ask_all(*"ABCABCABCA"), include_system=False)
    chat = workspace.read_rows("data/export/messages/train.jsonl")[0]["messages"]
    assert [message["role"] for message in chat] == ["user", "assistant"]
    assert workspace.read_rows("data/export/sharegpt/train.jsonl")[0]["system"] == ""


ROTATE = {"balance": "rotate", "target": "verbatim"}
WORDS = {"augment": "all_rotations", "target": "verbatim"}
TWICE = {"balance": "downsample", "augment": "all_rotations"}
IN_SYSTEM = {"prompts": {"letter": {"system": "{question}", "user": "{answer_choices}"}}}
REFUSALS = [
    pytest.param(IN_SYSTEM, "prompts.letter.user: expected {question} in it, since rows of", id="no question"),
    pytest.param({"keep": "agreed"}, "export.keep: agreed expected questions that are asked more than", id="agreed"),
    pytest.param({"formats": ["preference"]}, "export.formats: preference expected questions that", id="pairs"),
    pytest.param(ROTATE, "export.balance: rotate expected a target of letter or letter_and_text, got", id="rotate"),
    pytest.param(WORDS, "export.augment: all_rotations expected a target of letter or", id="words of one order"),
    pytest.param({"min_confidence": 0.9}, "export.min_confidence: expected answers of more than one", id="certain"),
    pytest.param(TWICE, "export.balance: expected none beside augment: all_rotations", id="balanced twice"),
    pytest.param({"balance": "downsample"}, "found none of 2 (2 unbalanced)", id="no B"),
    pytest.param({"formats": ["messages"]}, "expected 10 questions or more for messages", id="few"),
    pytest.param({"keep": "correct"}, "found none of 2 (2 wrong)", id="empty"),
    pytest.param({"formats": ["olive"]}, "export.formats.0: expected 'question_answer',", id="unknown format"),
]


@pytest.mark.parametrize(("edits", "message"), REFUSALS)
def test_an_export_that_cannot_be_is_refused_and_leaves_the_one_before(
    workspace: "Workspace", edits: dict[str, Any], message: str
) -> None:
    export(workspace, ask_all("A", "A", gold="C"))
    before = read_files(workspace)
    workspace.edit(**edits if "prompts" in edits else {"export": edits})
    assert message in workspace.refuse(main)
    assert read_files(workspace) == before


def test_no_export_is_left_of_a_teacher_that_failed_a_strict_gate(workspace: "Workspace") -> None:
    export(workspace, ask_all("A"))
    workspace.write("data/answers/strict_gates_failed.json", json.dumps({"error": "params.yaml: not passed"}))
    assert workspace.refuse(main) == "params.yaml: not passed"
    assert not (workspace.folder / "data/export").exists()


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
    write_inputs(workspace, train=ask_all("A", "B"))
    rows = workspace.read_rows(f"data/{folder}/train.jsonl")
    workspace.write_rows(f"data/{folder}/train.jsonl", rows[::-1] if kept < 0 else rows[:kept])
    assert workspace.refuse(main) == f"data/{message}; run `make repro`"
