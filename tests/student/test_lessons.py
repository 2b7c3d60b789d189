"""What a ranking student is taught, from an export's soft labels."""

from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from potstill.core.errors import InputError
from potstill.core.letters import letter_choices
from potstill.core.records import Question, write_json, write_rows
from student.ranking.lessons import Lesson, read_lessons, shuffle_lessons

TRAINED = [
    Question("t1", "Where do ferrets live?", letter_choices(["bank", "den", "moon"]), "B", None),
    Question("t:2", "Where do moles live?", letter_choices(["bank", "hole"]), "B", None),
]


def write_inputs(folder: Path, *rows: tuple[str, list[str], list[float], str]) -> tuple[Path, Path]:
    write_rows(folder / "raw/train.jsonl", TRAINED)
    write_json(folder / "export/manifest.json", {})
    (folder / "export/soft_labels").mkdir()
    table = pa.Table.from_pylist([
        {
            "id": name, "distribution": shares, "answer": answer,
            "options": [{"label": one.label, "text": one.text} for one in letter_choices(texts)],
        }
        for name, texts, shares, answer in rows
    ])  # fmt: skip
    parquet.write_table(table, folder / "export/soft_labels/train.parquet")
    return folder / "export", folder / "raw"


ROWS = [("t1:1", ["den", "moon", "bank"], [0.8, 0.0, 0.2], "A"), ("t:2", ["bank", "hole"], [0.4, 0.6], "B")]


def test_labels_are_shares_in_the_order_of_the_rows_own_options(tmp_path: Path) -> None:
    _, lessons = read_lessons(*write_inputs(tmp_path, *ROWS), "distribution")
    assert lessons == [
        Lesson("Where do ferrets live?", ("den", "moon", "bank"), (0.8, 0.0, 0.2)),
        Lesson("Where do moles live?", ("bank", "hole"), (0.4, 0.6)),
    ]


def test_labels_are_the_answer_alone_where_that_is_asked_for(tmp_path: Path) -> None:
    _, lessons = read_lessons(*write_inputs(tmp_path, *ROWS), "answer")
    assert [one.label for one in lessons] == [(1, 0, 0), (0, 1)]


def test_rows_of_another_dataset_are_refused(tmp_path: Path) -> None:
    row = ("t9", ["den", "moon"], [1.0, 0.0], "A")
    with pytest.raises(InputError, match=r"expected train questions of data/raw, got 't9', which is none"):
        read_lessons(*write_inputs(tmp_path, row), "distribution")


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    export, raw = write_inputs(tmp_path, *ROWS)
    (export / "soft_labels/train.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputError, match=r"train\.parquet: expected soft labels, but .*; run `make repro`"):
        read_lessons(export, raw, "distribution")


def test_a_control_learns_labels_of_questions_with_as_many_options() -> None:
    lessons = [Lesson(str(place), ("a", "b", "c")[:size], (place, *[0.0] * (size - 1)))
               for place, size in enumerate([2, 3] * 8)]  # fmt: skip
    shuffled = shuffle_lessons(lessons, 0)
    assert [(one.question, len(one.label)) for one in shuffled] == [(one.question, len(one.options)) for one in lessons]
    assert sorted(one.label for one in shuffled) == sorted(one.label for one in lessons)
    assert shuffled != lessons
