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
    noted = read_source(bundled)
    assert noted.pop("datasets_version").count(".") == 2
    assert noted == {
        "dataset": "bundled",
        "path": "data/source/bundled",
        "name": None,
        "revision": None,
        "license": None,
        "split_rows": {"test": 32, "train": 160, "validation": 48},
        "split_names": {"train": "train", "validation": "validation", "test": "test"},
        "splits": {"train": counted(3), "validation": counted(2), "test": counted(1)},
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


def test_columns_map_another_schema_and_cells_of_csv_are_text(workspace: "Workspace") -> None:
    workspace.write("data/source/quiz.csv", "number,stem,one,two,three,right\n7,Which?,None,01,,1\n8,Why?,a,b,c,\n")
    splits = {"validation": None, "test": None}
    choices = ["one", "two", "three"]
    columns = {"question": "stem", "choices": choices, "answer": "right", "answer_is": "index", "id": "number"}
    entry = {"path": "data/source/quiz.csv", "splits": splits, "columns": columns}
    workspace.edit(dataset="quiz", datasets={"quiz": entry}, load={"train": None, "validation": 0, "test": 0})
    workspace.run(main)
    rows = workspace.read_rows("data/raw/train.jsonl")
    assert rows[0] == {
        "id": "7",
        "question": "Which?",
        "choices": [{"label": "A", "text": "None"}, {"label": "B", "text": "01"}],
        "answer": "B",
        "concept": None,
    }
    assert rows[1]["answer"] is None


def test_a_bad_row_stops_the_stage_with_its_place_and_id_or_is_skipped_counted_and_listed(
    workspace: "Workspace",
) -> None:
    twice = {"label": ["A", "B", "C"], "text": ["one", "two", "one"]}
    use_rows(workspace, [make_row(0), make_row(1), make_row(2, choices=twice, answerKey="B"), make_row(3, id="q0")])
    assert workspace.refuse(main) == (
        "data/source/mine: split train, row 3 of 4, id 'q2': choices 1 and 3 are the same: 'one'; "
        "correct it, or set load.on_bad_row: skip"
    )
    workspace.edit(load={"on_bad_row": "skip"})
    assert "train: 2 questions, 2 bad rows skipped\n" in workspace.run(main)
    assert [row["id"] for row in workspace.read_rows("data/raw/train.jsonl")] == ["q0", "q1"]
    source = read_source(workspace)
    assert source["splits"]["train"] == counted(2)
    assert source["skipped"] == [
        {"split": "train", "position": 2, "id": "q2", "reason": "choices 1 and 3 are the same: 'one'"},
        {"split": "train", "position": 3, "id": "q0", "reason": "its id was there before"},
    ]


def test_a_bad_row_that_was_carved_out_is_told_by_its_place_in_the_split_it_came_from(workspace: "Workspace") -> None:
    use_rows(workspace, [make_row(0), make_row(1), make_row(2, question="")], train=2, validation=1)
    assert "split train, row 3 of 3, id 'q2'" in workspace.refuse(main)


def test_a_split_of_bad_rows_only_is_told_though_they_may_be_skipped(workspace: "Workspace") -> None:
    use_rows(workspace, [make_row(0, question=""), make_row(1, question="")], on_bad_row="skip")
    message = workspace.refuse(main)
    assert message.endswith("id 'q0': it has no question; with the rows like it skipped, none is left")


def test_an_unknown_schema_is_told_with_the_entry_that_has_it(workspace: "Workspace") -> None:
    use_rows(workspace, [{"stem": "Which?", "options": ["a", "b"]}])
    assert workspace.refuse(main) == (
        "params.yaml: datasets.mine: columns stem, options fit no known schema; "
        "say where the parts stand with `columns:`"
    )


@pytest.mark.parametrize(
    "path", ["elsewhere/questions.jsonl", "data/source/../other.jsonl", "/elsewhere/questions.jsonl", "mine.csv"]
)
def test_a_path_outside_data_source_is_refused(workspace: "Workspace", path: str) -> None:
    workspace.write_rows("elsewhere/questions.jsonl", [make_row(0)])
    workspace.edit(datasets={"bundled": {"path": path}})
    message = workspace.refuse(main)
    assert message == f"params.yaml: datasets.bundled.path: expected a place below data/source, got {path!r}"


def test_a_missing_path_below_data_source_is_told(workspace: "Workspace") -> None:
    assert workspace.refuse(main) == "data/source/bundled: expected a file or folder with questions, found none"


def test_a_broken_line_is_told_with_its_file_and_number_and_by_no_log_of_datasets(
    workspace: "Workspace", caplog: pytest.LogCaptureFixture
) -> None:
    use_rows(workspace, [make_row(0)])
    with (workspace.folder / "data/source/mine/train.jsonl").open("a") as file:
        file.write('{"id": "q1", "quest\n')
    message = workspace.refuse(main)
    assert message.startswith("data/source/mine/train.jsonl: line 2: expected a JSON object, got ")
    assert caplog.messages == []


def test_a_line_that_is_not_utf8_is_told_with_its_file_and_number(workspace: "Workspace") -> None:
    use_rows(workspace, [make_row(0)])
    with (workspace.folder / "data/source/mine/train.jsonl").open("ab") as file:
        file.write(json.dumps(make_row(1, question="caf@?")).encode().replace(b"@", b"\xe9") + b"\n")
    message = workspace.refuse(main)
    assert message.startswith("data/source/mine/train.jsonl: line 2: expected a JSON object, got ")


def test_more_rows_than_there_are_is_told_with_the_split_the_param_and_both_numbers(workspace: "Workspace") -> None:
    use_rows(workspace, [make_row(0)], train=5)
    assert workspace.refuse(main) == (
        "data/source/mine: split train has 1 rows: expected 5 for load.train; ask for fewer, or null takes all"
    )


def test_a_folder_with_one_split_alone_is_read_where_nothing_is_asked_of_the_others(workspace: "Workspace") -> None:
    workspace.write_rows("data/source/mine/validation.jsonl", [make_row(0)])
    workspace.edit(dataset="mine", datasets={"mine": {"path": "data/source/mine"}})
    workspace.edit(load={"train": 0, "validation": None, "test": 0})
    workspace.run(main)
    assert [len(workspace.read_rows(f"data/raw/{split}.jsonl")) for split in SPLITS] == [0, 1, 0]


def test_a_wrong_param_stops_the_stage_before_it_reads_anything(workspace: "Workspace") -> None:
    workspace.edit(dataset="nope")
    assert workspace.refuse(main).startswith("params.yaml: dataset: expected one of bundled, ")
    assert not (workspace.folder / "data").exists()


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


def test_a_question_that_is_in_train_and_twice_in_validation_counts_twice(workspace: "Workspace") -> None:
    use_rows(workspace, [make_row(0), make_row(0, id="again"), make_row(0, id="more")], train=1, validation=2)
    workspace.run(main)
    assert read_source(workspace)["splits"]["validation"] == counted(2) | {"repeated": 2}
