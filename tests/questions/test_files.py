import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from potstill.core.errors import InputError
from potstill.questions.files import broken_line, load_files
from tests.questions.datafiles import WRITERS, make_flat_rows, write_csv, write_jsonl

GOOD = json.dumps({"id": "a", "question": "q"})


def refuse(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        load_files(path)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize("kind", WRITERS)
def test_a_folder_of_splits_and_a_single_file_are_read_in_any_format(tmp_path: Path, kind: str) -> None:
    for split in ("train", "test"):
        WRITERS[kind](tmp_path / split, make_flat_rows(split, 2))
    loaded = load_files(tmp_path)
    assert {split: rows.to_list() for split, rows in loaded.items()} == {
        split: make_flat_rows(split, 2) for split in ("train", "test")
    }
    single = load_files(tmp_path / f"test.{kind}")
    assert {split: rows.to_list() for split, rows in single.items()} == {"train": make_flat_rows("test", 2)}


def test_cells_of_a_csv_file_are_read_as_they_stand(tmp_path: Path) -> None:
    cells = ["None", "NA", "01", "1.50", "", "true", "2020-01-01"]
    text = f"a,b,c,d,e,f,g\n{','.join(cells)}\n1,2,3,4,5,6,7\n"
    (tmp_path / "train.csv").write_text(text, encoding="utf-8-sig")
    for path in (tmp_path, tmp_path / "train.csv"):
        assert load_files(path)["train"][0] == dict(zip("abcdefg", cells, strict=True))


@pytest.mark.parametrize(
    ("name", "content"),
    [("test.csv", "id,question\n"), ("test.jsonl", "\n"), ("test.json", "[]"), ("test.parquet", None)],
    ids=["csv with a header only", "jsonl of blank lines", "json array of nothing", "parquet"],
)
def test_a_split_without_rows_is_told(tmp_path: Path, name: str, content: str | None) -> None:
    WRITERS[name.partition(".")[2]](tmp_path / "train", make_flat_rows("train", 2))
    if content is None:
        pq.write_table(pa.table({"id": ["x"], "question": ["y"]}).slice(0, 0), tmp_path / name)
    else:
        (tmp_path / name).write_text(content)
    message = refuse(tmp_path)
    assert message.startswith(f"{tmp_path}: cannot be read: expected rows in each of its splits, but one has none")


def test_what_is_no_file_of_questions_is_told(tmp_path: Path) -> None:
    assert refuse(tmp_path).startswith(f"{tmp_path}: cannot be read: ")
    missing, other, empty = tmp_path / "a.jsonl", tmp_path / "b.xlsx", tmp_path / "c.jsonl"
    other.write_bytes(b"PK")
    empty.touch()
    assert refuse(missing) == f"{missing}: expected a file or folder with questions, found none"
    assert refuse(other) == f"{other}: expected one of .jsonl, .json, .csv, .parquet"
    assert refuse(empty) == f"{empty}: expected questions, but the file is empty"


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        pytest.param(b'{"id": "b", "quest', '\'{"id": "b", "quest\'', id="cut off"),
        pytest.param(b'["b"]', "'[\"b\"]'", id="no object"),
        pytest.param(b'{"id": "\xe9"}', repr(b'{"id": "\xe9"}'), id="no UTF-8"),
    ],
)
def test_a_broken_jsonl_line_is_told_with_its_file_and_number(tmp_path: Path, line: bytes, shown: str) -> None:
    file = tmp_path / "train.jsonl"
    file.write_bytes(b"\n".join([GOOD.encode(), b"", line, GOOD.encode()]))
    message = f"{file}: line 3: expected a JSON object, got {shown}"
    assert broken_line(file) == broken_line(tmp_path) == message
    if line.isascii():  # other text comes to light only as the rows are read
        assert refuse(file) == message


def test_files_without_a_broken_line_have_none(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "train", make_flat_rows("train", 2))
    assert broken_line(tmp_path) is None


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [("train.json", b'[{"id": "a"},', ""), ("train.parquet", b"PAR1 and nothing", "magic bytes not found")],
    ids=["json", "parquet"],
)
def test_a_broken_file_of_another_format_is_told_with_the_reason(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    (tmp_path / name).write_bytes(content)
    message = refuse(tmp_path / name)
    assert message.startswith(f"{tmp_path / name}: cannot be read: ")
    assert reason in message


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(
            b"id,q\na,b\na,b,c,d\n", "line 3: expected 2 cells, got 4; quote cells that hold commas", id="more"
        ),
        pytest.param(b"id,q\na,b\n\na\n", "line 4: expected 2 cells, got 1; quote cells that hold commas", id="cut"),
        pytest.param(b"id,q\na,\xe4\n", "expected UTF-8 text, but byte 7 is none; save it as UTF-8", id="latin-1"),
    ],
)
def test_a_broken_csv_file_is_told_with_its_place(tmp_path: Path, content: bytes, reason: str) -> None:
    file = tmp_path / "train.csv"
    file.write_bytes(content)
    assert refuse(file) == f"{file}: {reason}"


def test_csv_files_with_different_columns_are_told(tmp_path: Path) -> None:
    write_csv(tmp_path / "train", [{"id": "a", "q": "b"}])
    write_csv(tmp_path / "test", [{"id": "a", "question": "b"}])
    assert refuse(tmp_path) == (
        f"{tmp_path}/train.csv: expected the columns ['id', 'question'] as in the other files, got ['id', 'q']"
    )
