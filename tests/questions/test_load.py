import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from potstill.core.records import SPLITS
from stages.load import main

if TYPE_CHECKING:
    from tests.conftest import Workspace

ROOT = Path(__file__).parents[2]


def make_row(number: int, **edit: Any) -> dict[str, Any]:
    return {
        "id": f"q{number}",
        "question": f"Which is number {number}?",
        "question_concept": "number",
        "choices": {"label": ["A", "B", "C"], "text": [str(number), "another", "none"]},
        "answerKey": "ABC"[number % 3],
    } | edit


def use_rows(workspace: "Workspace", rows: list[dict[str, Any]], **load: Any) -> None:
    """Make rows the one file of the chosen dataset, which has a train split only."""
    workspace.write_rows("data/source/mine/train.jsonl", rows)
    splits = {"train": "train", "validation": None, "test": None}
    entry = {"path": "data/source/mine", "splits": splits}
    sizes = {"train": None, "validation": 0, "test": 0}
    workspace.edit(dataset="mine", datasets={"mine": entry}, load=sizes | load)


def use_csv(workspace: "Workspace", *lines: str) -> None:
    """Make a CSV file with choices in the columns a to c the chosen dataset."""
    workspace.write("data/source/mine.csv", "\n".join(lines) + "\n")
    columns = {"question": "stem", "choices": ["a", "b", "c"], "answer": "key"}
    splits = {"train": "train", "validation": None, "test": None}
    entry = {"path": "data/source/mine.csv", "splits": splits, "columns": columns}
    sizes = {"train": None, "validation": 0, "test": 0}
    workspace.edit(dataset="mine", datasets={"mine": entry}, load=sizes)


def counted(questions: int) -> dict[str, int]:
    """What source.json says of a split whose questions all have gold and are there once."""
    return {"questions": questions, "without_gold": 0, "repeated": 0}


def read_source(workspace: "Workspace") -> dict[str, Any]:
    return json.loads((workspace.folder / "data/raw/source.json").read_text(encoding="utf-8"))


def read_output(workspace: "Workspace") -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (workspace.folder / "data/raw").iterdir()}


@pytest.fixture
def bundled(workspace: "Workspace") -> "Workspace":
    """The bundled questions, as params.yaml has them."""
    for split in SPLITS:
        name = f"data/source/bundled/{split}.jsonl"
        workspace.write(name, (ROOT / name).read_text(encoding="utf-8"))
    return workspace


def test_the_bundled_questions_become_rows_of_each_split(bundled: "Workspace") -> None:
    bundled.edit(load={"train": 3, "validation": 2, "test": 1})
    assert bundled.run(main) == (
        "train: 3 questions, 0 bad rows skipped\n"
        "validation: 2 questions, 0 bad rows skipped\n"
        "test: 1 questions, 0 bad rows skipped\n"
    )
    source = bundled.read_rows("data/source/bundled/train.jsonl")[0]
    assert bundled.read_rows("data/raw/train.jsonl")[0] == {
        "id": "bundled-train-001",
        "question": source["question"],
        "choices": [
            {"label": label, "text": text} for label, text in zip("ABCDE", source["choices"]["text"], strict=True)
        ],
        "answer": source["answerKey"],
        "concept": source["question_concept"],
    }
    assert [row["id"] for row in bundled.read_rows("data/raw/validation.jsonl")] == [
        "bundled-validation-001",
        "bundled-validation-002",
    ]
    assert set(read_output(bundled)) == {"train.jsonl", "validation.jsonl", "test.jsonl", "source.json"}


def test_source_json_says_what_the_sample_is_one_of(bundled: "Workspace") -> None:
    bundled.edit(load={"train": 3, "validation": 2, "test": 0})
    bundled.run(main)
    source = read_source(bundled)
    assert source.pop("datasets_version").count(".") == 2
    assert source == {
        "dataset": "bundled",
        "path": "data/source/bundled",
        "name": None,
        "revision": None,
        "split_rows": {"test": 32, "train": 160, "validation": 48},
        "splits": {"train": counted(3), "validation": counted(2), "test": counted(0)},
        "skipped": [],
    }


def test_two_runs_give_the_same_bytes(bundled: "Workspace") -> None:
    bundled.edit(load={"train": 20, "validation": 9, "test": 4, "sample": "random"})
    bundled.run(main)
    before = read_output(bundled)
    for path in (bundled.folder / "data/source/bundled").iterdir():
        os.utime(path, (1, 1))  # another time, so that `datasets` reads the files again
    bundled.run(main)
    assert read_output(bundled) == before


def test_the_seed_changes_a_random_sample(bundled: "Workspace") -> None:
    samples = []
    for seed in (0, 1):
        bundled.edit(load={"train": 9, "validation": 0, "sample": "random", "seed": seed})
        bundled.run(main)
        samples.append([row["id"] for row in bundled.read_rows("data/raw/train.jsonl")])
    assert samples[0] != samples[1]


def test_a_split_of_another_name_is_written_under_ours(workspace: "Workspace") -> None:
    use_rows(workspace, [make_row(number) for number in range(4)], train=1, validation=1)
    workspace.write_rows("data/source/mine/validation.jsonl", [make_row(9)])
    workspace.edit(datasets={"mine": {"splits": {"train": "validation", "validation": "train"}}})
    workspace.run(main)
    assert [row["id"] for row in workspace.read_rows("data/raw/train.jsonl")] == ["q9"]
    assert [row["id"] for row in workspace.read_rows("data/raw/validation.jsonl")] == ["q0"]


def test_validation_is_carved_out_of_train_where_there_is_none(workspace: "Workspace") -> None:
    use_rows(workspace, [make_row(number) for number in range(7)], train=4, validation=None)
    workspace.run(main)
    assert [row["id"] for row in workspace.read_rows("data/raw/train.jsonl")] == ["q0", "q1", "q2", "q3"]
    assert [row["id"] for row in workspace.read_rows("data/raw/validation.jsonl")] == ["q4", "q5", "q6"]
    assert (workspace.folder / "data/raw/test.jsonl").read_bytes() == b""


def test_columns_map_another_schema(workspace: "Workspace") -> None:
    workspace.write("data/source/quiz.csv", "number,stem,one,two,right\n7,Which fruit?,chair,pear,1\n8,Why?,a,b,\n")
    splits = {"validation": None, "test": None}
    columns = {"question": "stem", "choices": ["one", "two"], "answer": "right", "answer_is": "index", "id": "number"}
    entry = {"path": "data/source/quiz.csv", "splits": splits, "columns": columns}
    workspace.edit(dataset="quiz", datasets={"quiz": entry}, load={"train": None, "validation": 0, "test": 0})
    workspace.run(main)
    rows = workspace.read_rows("data/raw/train.jsonl")
    assert rows[0] == {
        "id": "7",
        "question": "Which fruit?",
        "choices": [{"label": "A", "text": "chair"}, {"label": "B", "text": "pear"}],
        "answer": "B",
        "concept": None,
    }
    assert rows[1]["answer"] is None


BAD_ROWS = [
    pytest.param({"question": " "}, "it has no question", id="no question"),
    pytest.param(
        {"choices": {"label": ["A"], "text": ["x"]}, "answerKey": "A"}, "expected 2 to 26 choices, got 1", id="1 choice"
    ),
    pytest.param(
        {"choices": {"label": [str(n) for n in range(27)], "text": ["x"] * 27}, "answerKey": "1"},
        "expected 2 to 26 choices, got 27",
        id="27 choices",
    ),
    pytest.param(
        {"choices": {"label": ["A", "B"], "text": ["x", ""]}, "answerKey": "A"},
        "choice 2 of 2 is empty",
        id="empty choice",
    ),
    pytest.param({"answerKey": "E"}, "its answer 'E' is not among the labels A, B, C", id="gold not there"),
    pytest.param({"id": "q0"}, "its id was there before", id="id twice"),
]


@pytest.mark.parametrize(("edit", "reason"), BAD_ROWS)
def test_a_bad_row_stops_the_stage_with_its_place_and_id(
    workspace: "Workspace", edit: dict[str, Any], reason: str
) -> None:
    rows = [make_row(0), make_row(1), make_row(2, **edit), make_row(3)]
    use_rows(workspace, rows)
    assert workspace.refuse(main) == (
        f"data/source/mine: split train, row 2 (from 0), id {rows[2]['id']!r}: {reason}; "
        "correct it, or set load.on_bad_row: skip"
    )


@pytest.mark.parametrize(("edit", "reason"), BAD_ROWS)
def test_a_bad_row_that_is_skipped_is_counted_and_listed(
    workspace: "Workspace", edit: dict[str, Any], reason: str
) -> None:
    rows = [make_row(0), make_row(1), make_row(2, **edit), make_row(3)]
    use_rows(workspace, rows, on_bad_row="skip")
    assert "train: 3 questions, 1 bad rows skipped\n" in workspace.run(main)
    assert [row["id"] for row in workspace.read_rows("data/raw/train.jsonl")] == ["q0", "q1", "q3"]
    source = read_source(workspace)
    assert source["splits"]["train"] == counted(3)
    assert source["skipped"] == [{"split": "train", "position": 2, "id": rows[2]["id"], "reason": reason}]


def test_a_bad_row_that_was_carved_out_is_told_by_its_place_in_the_split_it_came_from(workspace: "Workspace") -> None:
    use_rows(workspace, [make_row(0), make_row(1), make_row(2, question="")], train=2, validation=1)
    assert "split train, row 2 (from 0), id 'q2'" in workspace.refuse(main)


def test_a_bad_row_of_mapped_columns_is_told_with_its_id(workspace: "Workspace") -> None:
    workspace.write("data/source/quiz.csv", "number,stem,one,two,right\n7,Which fruit?,chair,pear,C\n")
    columns = {"question": "stem", "choices": ["one", "two"], "answer": "right", "id": "number"}
    entry = {"path": "data/source/quiz.csv", "splits": {"validation": None, "test": None}, "columns": columns}
    workspace.edit(dataset="quiz", datasets={"quiz": entry}, load={"train": 1, "validation": 0, "test": 0})
    assert "row 0 (from 0), id '7': its answer 'C' is not among the labels A, B" in workspace.refuse(main)


def test_a_split_of_bad_rows_only_is_told_though_they_may_be_skipped(workspace: "Workspace") -> None:
    use_rows(workspace, [make_row(0, question=""), make_row(1, question="")], on_bad_row="skip")
    message = workspace.refuse(main)
    assert message.endswith("id 'q0': it has no question; with the rows like it skipped, none is left")


def test_a_gold_that_is_kept_back_is_null_and_no_bad_row(workspace: "Workspace") -> None:
    use_rows(workspace, [make_row(0, answerKey="")])
    workspace.run(main)
    assert workspace.read_rows("data/raw/train.jsonl")[0]["answer"] is None


def test_an_unknown_schema_is_told_with_the_entry_that_has_it(workspace: "Workspace") -> None:
    use_rows(workspace, [{"stem": "Which?", "options": ["a", "b"]}])
    assert workspace.refuse(main) == (
        "params.yaml: datasets.mine: columns stem, options fit no known schema; "
        "say where the parts stand with `columns:`"
    )


@pytest.mark.parametrize(
    "path", ["elsewhere/questions.jsonl", "data/raw", "data/source/../other.jsonl", "/elsewhere/questions.jsonl"]
)
def test_a_path_outside_data_source_is_refused(workspace: "Workspace", path: str) -> None:
    workspace.write_rows("elsewhere/questions.jsonl", [make_row(0)])
    workspace.edit(datasets={"bundled": {"path": path}})
    message = workspace.refuse(main)
    assert message == f"params.yaml: datasets.bundled.path: expected a place below data/source, got {path!r}"


def test_a_missing_path_below_data_source_is_told(workspace: "Workspace") -> None:
    assert workspace.refuse(main) == "data/source/bundled: expected a file or folder with questions, found none"


def test_a_broken_line_is_told_with_its_file_and_number(workspace: "Workspace") -> None:
    use_rows(workspace, [make_row(0), make_row(1)])
    with (workspace.folder / "data/source/mine/train.jsonl").open("a") as file:
        file.write('{"id": "q2", "quest\n')
    message = workspace.refuse(main)
    assert message.startswith("data/source/mine/train.jsonl: line 3: expected a JSON object, got ")


def test_a_broken_line_is_not_told_by_the_log_of_datasets_too(
    workspace: "Workspace", caplog: pytest.LogCaptureFixture
) -> None:
    use_rows(workspace, [make_row(0)])
    with (workspace.folder / "data/source/mine/train.jsonl").open("a") as file:
        file.write('{"id": "q1", "quest\n')
    workspace.refuse(main)
    assert caplog.messages == []


def test_a_line_that_is_not_utf8_is_told_with_its_file_and_number(workspace: "Workspace") -> None:
    use_rows(workspace, [make_row(0)])
    with (workspace.folder / "data/source/mine/train.jsonl").open("ab") as file:
        file.write(json.dumps(make_row(1, question="caf@?")).encode().replace(b"@", b"\xe9") + b"\n")
    message = workspace.refuse(main)
    assert message.startswith("data/source/mine/train.jsonl: line 2: expected a JSON object, got ")


def test_more_rows_than_there_are_is_told(workspace: "Workspace") -> None:
    use_rows(workspace, [make_row(0)], train=5)
    assert workspace.refuse(main) == (
        "data/source/mine: split train has 1 rows: expected 5; lower its size in load, or null takes all"
    )


def test_a_wrong_param_stops_the_stage_before_it_reads_anything(workspace: "Workspace") -> None:
    workspace.edit(dataset="nope")
    assert workspace.refuse(main).startswith("params.yaml: dataset: expected one of bundled, ")
    assert not (workspace.folder / "data").exists()


def test_a_csv_cell_that_is_left_empty_is_a_choice_less(workspace: "Workspace") -> None:
    use_csv(workspace, "stem,a,b,c,key", "Which?,None,two,,A")
    workspace.run(main)
    (question,) = workspace.read_rows("data/raw/train.jsonl")
    assert [choice["text"] for choice in question["choices"]] == ["None", "two"]


def test_a_file_that_would_be_taken_for_a_hub_dataset_is_told(workspace: "Workspace") -> None:
    workspace.edit(dataset="mine", datasets={"mine": {"path": "mine.csv"}})
    message = workspace.refuse(main)
    assert message == "params.yaml: datasets.mine.path: expected a place below data/source, got 'mine.csv'"


def test_questions_that_repeat_an_earlier_one_and_those_without_gold_are_counted_and_said(
    workspace: "Workspace",
) -> None:
    rows = [make_row(0), make_row(1), make_row(0, id="q0 again"), make_row(1, id="q1 again"), make_row(2, answerKey="")]
    use_rows(workspace, rows, train=3, validation=2)
    printed = workspace.run(main)
    assert "train: 3 questions, 0 bad rows skipped, 1 repeat a question of this or an earlier split\n" in printed
    assert (
        "validation: 2 questions, 0 bad rows skipped, 1 without gold, 1 repeat a question of this or an earlier split\n"
        in printed
    )
    assert read_source(workspace)["splits"] == {
        "train": {"questions": 3, "without_gold": 0, "repeated": 1},
        "validation": {"questions": 2, "without_gold": 1, "repeated": 1},
        "test": {"questions": 0, "without_gold": 0, "repeated": 0},
    }
