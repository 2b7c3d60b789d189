"""What students may learn from."""

from pathlib import Path

import pytest

from potstill.core.errors import InputError
from potstill.core.letters import letter_choices
from potstill.core.records import Question, encode_row, write_json
from student.core.training_set import find_rows, read_conversations, read_questions, shuffle_labels

ASKED = Question("v1", "Where do ferrets live?", letter_choices(["in a bank", "in a den"]), "B", None)


def write_export(folder: Path, rows: str = "", **manifest: object) -> Path:
    (folder / "messages").mkdir(parents=True)
    (folder / "messages/train.jsonl").write_text(rows)
    write_json(folder / "manifest.json", manifest)
    return folder


def test_a_missing_export_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"export: expected a training set .* found none; run `make repro`"):
        find_rows(tmp_path / "export", "chat")


def test_an_export_of_another_format_says_where_to_add_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"expected the format soft_labels, found messages; add it to export\.formats"):
        find_rows(write_export(tmp_path / "export"), "rank")


def test_nothing_is_learned_from_a_teacher_that_failed_a_gate(tmp_path: Path) -> None:
    export = write_export(tmp_path / "export", gates_failed=["min_accuracy in train"])
    with pytest.raises(InputError, match="did not pass min_accuracy in train, so nothing is learned"):
        find_rows(export, "chat")


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("", "expected rows to learn from, found none"),
        ('{"messages": [{"role": "user", "content": "Hi"}]}\n', "line 1: expected a chat that the assistant ends"),
        ("{}\n", "line 1: expected a chat that the assistant ends"),
    ],
    ids=["none", "no answer", "no chat"],
)
def test_rows_that_teach_nothing_are_refused(tmp_path: Path, rows: str, expected: str) -> None:
    with pytest.raises(InputError, match=expected):
        read_conversations(find_rows(write_export(tmp_path / "export", rows), "chat"))


def test_an_empty_split_is_refused(tmp_path: Path) -> None:
    (tmp_path / "validation.jsonl").touch()
    with pytest.raises(InputError, match=r"expected questions, found none; raise load\.validation"):
        read_questions(tmp_path, "validation")


def test_a_control_has_the_same_labels_in_another_order_by_seed() -> None:
    labels = [*"AABBBCDE"] * 5
    first, again, other = (shuffle_labels(labels, seed) for seed in (0, 0, 1))
    assert sorted(first) == sorted(labels)
    assert first == again != other != labels


def test_questions_are_read(tmp_path: Path) -> None:
    (tmp_path / "test.jsonl").write_bytes(encode_row(ASKED) + b"\n")
    assert read_questions(tmp_path, "test") == [ASKED]
